import fc from 'fast-check';

// The gate is to say the same twice: properties draw from one seed. LEADWISE_SEED=random looks further (and any number repeats a run).
const seed = process.env['LEADWISE_SEED'] ?? '20231';
if (seed !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
