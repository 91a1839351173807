const LISTED = 6; // classes that are not folded away

/** Made on the server as well as in the browser. */
export function Findings({ findings }) {
  return (
    <>
      <List findings={findings.slice(0, LISTED)} />
      <details>
        <summary>The other classes</summary>
        <List findings={findings.slice(LISTED)} />
      </details>
    </>
  );
}

function List({ findings }) {
  return (
    <ol className="findings">
      {findings.map(({ code, name, logit, probability, present }) => (
        <li key={code} className={present ? 'present' : ''} data-code={code} data-logit={logit}>
          <span>{name}</span>
          <meter value={probability} />
          <data value={probability}>{(100 * probability).toFixed(1)} %</data>
        </li>
      ))}
    </ol>
  );
}
