import { loadModel } from 'leadwise';
import { simulate } from 'leadwise/simulate';
import edge from 'leadwise/weights/edge';
import { Findings } from './findings.jsx';
import { Reader } from './reader.jsx';

export const dynamic = 'force-dynamic'; // classify at the request, not at the build

const model = await loadModel(edge);

/** Classified in Node, and sent as HTML. */
export default function Page() {
  const { findings, leads } = model.classify(simulate({ seed: 1, seconds: 10 }));
  return (
    <>
      <p role="status">Simulated, read on the server: {leads.length} leads.</p>
      <section className="sheet" id="server">
        <Findings findings={findings} />
      </section>
      <Reader />
    </>
  );
}
