import type { EcgRecord } from '../ecg.js';
import type { Finding, Result } from '../result.js';

const BAR_CELLS = 20;
/** Classes that are shown at least, however unlikely. */
const LEAST_ROWS = 5;

/** A result as a person reads it: what is present first, with a bar for each probability. */
export function renderTable(record: string, source: EcgRecord, result: Result, all: boolean): string {
  const rows = result.findings.filter((finding, index) => all || finding.present || index < LEAST_ROWS);
  const width = Math.max(...rows.map(({ name }) => name.length));
  const seconds = (source.signal[0]!.length / source.fs).toFixed(1);
  const lines = [
    `${record}: ${result.leads.length} leads, ${result.fs} Hz, ${seconds} s`,
    ...notes(result),
    '',
    ...rows.map((finding) => renderRow(finding, width)),
    '',
    ...(all ? [] : [`  ${result.findings.length - rows.length} less likely classes: --all`]),
    `  ${result.findings[0]!.calibrated ? 'Probabilities are calibrated' : 'Probabilities are not calibrated'}; model ${result.model.name}, leadwise ${result.model.version}.`,
    `  ${result.notice}`,
  ];
  return `${lines.join('\n')}\n`;
}

function renderRow({ abbreviation, name, probability, present }: Finding, width: number): string {
  const filled = Math.round(probability * BAR_CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
  return `  ${present ? '●' : ' '} ${abbreviation.padEnd(11)} ${name.padEnd(width)}  ${bar} ${(probability * 100).toFixed(1).padStart(5)} %`;
}

function notes({ leadsDropped, leadsIgnored, flags, preprocessing }: Result): string[] {
  const lines: string[] = [];
  if (leadsDropped.length) lines.push(`without ${leadsDropped.map(({ lead, reason }) => `${lead} (${reason})`).join(', ')}`);
  if (leadsIgnored.length) lines.push(`ignored: ${leadsIgnored.join(', ')}`);
  if (flags.length) lines.push(`flags: ${flags.join(', ')}`);
  if (preprocessing.cutSamples) lines.push(`only the first window was read: ${preprocessing.cutSamples} samples lie behind it`);
  return lines.map((line) => `  ${line}`);
}
