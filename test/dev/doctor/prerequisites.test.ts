import { expect, test, vi } from "vitest";
import { PREREQUISITES } from "../../../dev/doctor/prerequisites.ts";
import { parseEnvironment, type ShortEnvironment } from "../../../environments/define.ts";

const environment = (state: ShortEnvironment["state"]) =>
  parseEnvironment({
    name: "production",
    redis: { name: "jobs", region: "oregon", plan: "standard" },
    backend: { name: "backend" },
    state,
  });
const bucket = { bucket: "b", key: "k", region: "us-west-2" };

vi.mock("../../../environments/environments.ts", () => ({
  validEnvironments: () => [
    environment({ type: "s3", ...bucket, useLockfile: false }),
    environment({ type: "s3", ...bucket }),
  ],
}));

test.each([
  ["1.9.8", "1.10 or newer, for a state in `s3`"],
  ["1.10.0", undefined],
])("whether Terraform %s is new enough for what is described", (version, needs) => {
  const terraform = PREREQUISITES.find(({ id }) => id === "terraform");
  const caveat = terraform?.caveat?.({ product: "Terraform", version, path: "/bin/terraform" }, ["install it"]);
  const problem = needs && expect.stringMatching(`^"production" needs ${needs}`);
  expect(caveat).toEqual(problem && { problem, remedy: ["install it"] });
});
