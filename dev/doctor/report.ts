import Table from "cli-table3";
import pc from "picocolors";
import type { Diagnosis, Finding } from "./diagnosis.ts";

// picocolors also colours in CI logs and when FORCE_COLOR is set; a file or a pipe gets plain text here.
const colors = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported);

const SIGNS: Readonly<Record<Finding["status"], string>> = {
  ok: colors.green("✔"),
  warning: colors.yellow("!"),
  missing: colors.red("✘"),
  too_old: colors.red("✘"),
  broken: colors.red("✘"),
};

/** The whole diagnosis for people: a table at most 80 columns wide, then what to do about each problem. */
export function reportTable(diagnosis: Diagnosis): string {
  const table = new Table({
    head: ["", "", "found", "needed", "to"].map((title) => colors.dim(title)),
    colWidths: [2, 11, 21, 21, 23],
    wordWrap: true,
    chars: BORDERLESS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 1 },
  });
  for (const finding of diagnosis.findings) {
    table.push([SIGNS[finding.status], colors.bold(finding.title), found(finding), finding.needed, finding.purpose]);
  }
  const lines = table.toString().split("\n");
  return [...lines.map((line) => line.trimEnd()), ...remedies(diagnosis)].join("\n");
}

/** A healthy diagnosis in one line, for commands that look before they start; its warnings follow. */
export function reportBriefly(diagnosis: Diagnosis): string {
  return [`${diagnosis.findings.map(found).join(", ")}: ready`, ...remedies(diagnosis)].join("\n");
}

function found({ found, status }: Finding): string {
  if (found === null) return status;
  const program = `${found.product} ${found.version}`;
  return status === "too_old" ? `${program}, too old` : program;
}

function remedies({ findings }: Diagnosis): string[] {
  return findings.flatMap(({ status, title, problem, remedy }) =>
    problem === null
      ? []
      : [
          "",
          `${SIGNS[status]} ${colors.bold(title)}: ${problem}.${remedy.length === 0 ? "" : " Remedy:"}`,
          ...remedy.map((command) => `    ${command}`),
        ],
  );
}

const BORDERLESS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
} as const;
