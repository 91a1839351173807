import { LeadwiseError, loadModel } from 'leadwise';
import { readCsv } from 'leadwise/readers';
import edge from 'leadwise/weights/edge';

// The edge runtime compiles no bytes: there, the package imports its WebAssembly as modules.
export const runtime = 'edge';

const model = await loadModel(edge);

/** A CSV table -> its findings. */
export async function POST(request) {
  try {
    const { findings, leads, notice } = model.classify(readCsv(new Uint8Array(await request.arrayBuffer())));
    return Response.json({ findings, leads, notice });
  } catch (error) {
    if (!(error instanceof LeadwiseError)) throw error;
    return Response.json({ error: error.message, code: error.code }, { status: 400 });
  }
}
