import { xmlText } from "../runtime/text.ts";

/** One bar of a chart. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The value for people: `150 MB`. */
  readonly text: string;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of a terminal, of up to this many characters. */
export function textBar(value: number, most: number, width: number): string {
  const eighths = most <= 0 ? 0 : Math.round((value / most) * width * 8);
  return "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
}

const WIDTH = 760;
const LABEL_WIDTH = 300;
const BAR_WIDTH = 340;
const ROW = 24;
const TOP = 40;

/** A bar chart as SVG, which stands by itself and follows the reader's light or dark colours. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const rows = bars.map(({ label, value, text }, index) => {
    const y = TOP + index * ROW;
    const width = most === 0 ? 0 : Math.max(1, Math.round((value / most) * BAR_WIDTH));
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${y + 13}" text-anchor="end">${xmlText(shortened(label))}</text>`,
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${ROW - 7}" rx="2"/>`,
      `<text x="${LABEL_WIDTH + width + 8}" y="${y + 13}">${xmlText(text)}</text>`,
    ].join("");
  });
  const height = TOP + bars.length * ROW + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${xmlText(title)}">
<style>text{font:13px system-ui,sans-serif;fill:#1f2328}rect{fill:#4660c4}.title{font-weight:600;font-size:15px}@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#8ea2ff}}</style>
<text class="title" x="8" y="22">${xmlText(title)}</text>
${rows.join("\n")}
</svg>
`;
}

/** Characters of a label that fit beside the bars. */
const LABEL_LENGTH = 42;

function shortened(label: string): string {
  return label.length <= LABEL_LENGTH ? label : `${label.slice(0, LABEL_LENGTH - 1)}…`;
}
