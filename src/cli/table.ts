import type { EcgRecord } from '../ecg.js';
import { oneLine } from '../errors.js';
import type { Quality, TimelineEntry } from '../index.js';
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
    ...(result.windows ? [...renderTimeline(result.windows), ''] : []),
    ...(all ? [] : [`  ${result.findings.length - rows.length} less likely classes: --all`]),
    `  ${result.findings[0]!.calibrated ? 'Probabilities are calibrated' : 'Probabilities are not calibrated'}; model ${result.model.name}, leadwise ${result.model.version}.`,
    `  ${result.notice}`,
  ];
  // Names of files, channels and models may hold anything.
  return `${lines.map((line) => oneLine(line)).join('\n')}\n`;
}

function renderRow({ abbreviation, name, probability, present }: Finding, width: number): string {
  const filled = Math.round(probability * BAR_CELLS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
  return `  ${present ? '●' : ' '} ${abbreviation.padEnd(11)} ${name.padEnd(width)}  ${bar} ${(probability * 100).toFixed(1).padStart(5)} %`;
}

/** What is present when; windows one after the other that show the same are one line. */
function renderTimeline(windows: readonly TimelineEntry[]): string[] {
  const spans: { start: number; end: number; shown: string }[] = [];
  for (const window of windows) {
    const { startSeconds, seconds } = window;
    const shown = 'error' in window ? window.error.code : present(window.findings);
    const last = spans.at(-1);
    if (last?.shown === shown) last.end = startSeconds + seconds;
    else spans.push({ start: startSeconds, end: startSeconds + seconds, shown });
  }
  return spans.map(({ start, end, shown }) => `  ${clock(start)} - ${clock(end)}  ${shown}`);
}

function present(findings: readonly Finding[]): string {
  const names = findings.filter((finding) => finding.present).map(({ abbreviation }) => abbreviation);
  return names.length > 0 ? names.join(', ') : 'nothing above its threshold';
}

/** h:mm:ss */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

function notes({ quality, leadsDropped, leadsIgnored, flags, preprocessing, windows }: Result): string[] {
  const lines: string[] = [];
  if (quality && quality.verdict !== 'ok')
    lines.push(
      `quality: ${quality.verdict} (${complaints(quality, leadsDropped, windows ? 'in some windows' : 'read all the same').join('; ')})`,
    );
  if (leadsDropped.length) lines.push(`without ${leadsDropped.map(({ lead, reason }) => `${lead} (${reason})`).join(', ')}`);
  if (leadsIgnored.length) lines.push(`ignored: ${leadsIgnored.join(', ')}`);
  if (flags.length) lines.push(`flags: ${flags.join(', ')}`);
  if (windows) lines.push(`${windows.length} windows: of each class the most probable one is shown, and when it was present below`);
  else if (preprocessing.cutSamples)
    lines.push(`only the first window was read (--windows all): ${preprocessing.cutSamples} samples lie behind it`);
  return lines.map((line) => `  ${line}`);
}

/** What is wrong with the record, then with the leads that were read; those that were not stand on a line of their own. `how`: in spite of its verdict, a lead was read. */
function complaints({ codes, leads }: Quality, leadsDropped: Result['leadsDropped'], how: string): string[] {
  const ofLeads = new Set<string>(leads.flatMap((lead) => lead.codes));
  const dropped = new Set(leadsDropped.map(({ lead }) => lead));
  const degraded = leads.filter(({ verdict }) => verdict === 'degraded');
  const rejected = leads.filter(({ lead, verdict }) => verdict === 'reject' && !dropped.has(lead));
  const complaints = [
    ...codes.filter((code) => !ofLeads.has(code)),
    ...degraded.map((lead) => `${lead.lead} ${lead.codes.join(', ')}`),
    ...(rejected.length > 0 ? [`${how}: ${rejected.map((lead) => `${lead.lead} ${lead.codes.join(' and ')}`).join(', ')}`] : []),
  ];
  return complaints.length > 0 ? complaints : ['leads were dropped'];
}
