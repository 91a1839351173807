'use client';

import { useEffect, useState } from 'react';
import { Findings } from './findings.jsx';

/** Reads a CSV file here in the browser, or sends it to the edge function. */
export function Reader() {
  const [shown, setShown] = useState({ status: 'A CSV table of samples.', findings: [] });
  const [ready, setReady] = useState(false);
  useEffect(() => setReady(true), []); // a file chosen before React listens would be lost
  const read = (where, classify) => async (event) => {
    const [file] = event.target.files;
    try {
      const { findings } = await classify(file);
      setShown({ status: `${file.name}, read ${where}.`, findings });
    } catch (error) {
      setShown({ status: error.message, findings: [] });
    }
  };
  return (
    <>
      <h2>Your record</h2>
      <p className="choices">
        <label className="button">
          Read here
          <input type="file" accept=".csv" name="here" disabled={!ready} onChange={read('in the browser', classifyHere)} />
        </label>
        <label className="button">
          Read at the edge
          <input type="file" accept=".csv" name="edge" disabled={!ready} onChange={read('at the edge', classifyAtTheEdge)} />
        </label>
      </p>
      <p role="status">{shown.status}</p>
      {shown.findings.length > 0 && (
        <section className="sheet" id="yours">
          <Findings findings={shown.findings} />
        </section>
      )}
    </>
  );
}

/** The network is loaded when it is first wanted, and the file stays on this device. */
async function classifyHere(file) {
  const [{ loadModel }, { readBytes }, { default: edge }] = await Promise.all([
    import('leadwise'),
    import('leadwise/readers'),
    import('leadwise/weights/edge'),
  ]);
  const record = await readBytes(new Uint8Array(await file.arrayBuffer()), { name: file.name });
  const model = await loadModel(edge);
  try {
    return await model.classifyAsync(record);
  } finally {
    model.dispose();
  }
}

async function classifyAtTheEdge(file) {
  const response = await fetch('/api/classify', { method: 'POST', body: file });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
