import { join } from "node:path";
import { runChild } from "../runtime/child-process.ts";
import { parseObject } from "./review/plan/configuration.ts";
import type { Base } from "./review/rules/weaker.ts";

const REPOSITORY = join(import.meta.dirname, "..");

/** Where a change is to go, the surest first: what a pipeline says, or the branch that everything goes to. */
function targets(env: NodeJS.ProcessEnv): string[] {
  const {
    CI_MERGE_REQUEST_DIFF_BASE_SHA: diffBase,
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: gitlab,
    GITHUB_BASE_REF: github,
  } = env;
  return [
    ...(diffBase ? [diffBase] : []),
    ...[github, gitlab].flatMap((branch) => (branch ? [`origin/${branch}`] : [])),
    "origin/HEAD",
    "origin/main",
    "main",
  ];
}

/**
 * An environment's Terraform as reviewers saw it before: `synthesized/` where this branch began. On the branch itself, as it
 * was before the last commit, unless something is not committed yet.
 */
export async function baseOf(environment: string, repository = REPOSITORY): Promise<Base> {
  const git = (...args: string[]) => gitOutput(repository, args);
  const file = `synthesized/${environment}.tf.json`;
  const head = await git("rev-parse", "--verify", "--quiet", "HEAD");
  if (head === undefined) return { missing: "this is no checkout by git, with commits" };
  const commits = await Promise.all(
    targets(process.env).map((target) =>
      git("rev-parse", "--verify", "--quiet", "--end-of-options", `${target}^{commit}`),
    ),
  );
  const target = commits.find((commit) => commit !== undefined);
  if (target === undefined) return { missing: "the branch that this is to go to is not in this checkout" };
  const begin = await git("merge-base", head, target);
  if (begin === undefined) return { missing: "this checkout does not reach back to where the branch began" };
  const isCommitted = (await git("diff", "--quiet", "HEAD", "--", file)) !== undefined;
  const commit = begin === head && isCommitted ? await git("rev-parse", "--verify", "--quiet", "HEAD~1") : begin;
  if (commit === undefined) return { missing: "this checkout has no commit before this one" };
  const terraform = parseObject((await git("show", `${commit}:${file}`)) ?? "");
  if (terraform === undefined) return { missing: `${file} is not in commit ${commit.slice(0, 10)}` };
  return { commit, terraform };
}

/** What git prints; `undefined` when it fails, or is not there. */
export async function gitOutput(cwd: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { code, stdout } = await runChild("git", args, { cwd });
    return code === 0 ? stdout.trim() : undefined;
  } catch {
    return undefined;
  }
}
