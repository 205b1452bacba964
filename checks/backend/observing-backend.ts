import type { Check, CheckContext } from "../check.ts";
import { type Finding, unknown } from "../finding.ts";
import type { BackendState } from "./observe-backend.ts";

/** What the checks on the backend have in common: they say nothing without one, and unknown when it cannot be seen. */
export function observingBackend(
  judge: (state: BackendState) => Finding,
  appliesTo: (state: BackendState) => true | string = () => true,
): Pick<Check, "about" | "applies" | "run"> {
  return {
    about: "backend",
    applies({ backend }: CheckContext) {
      if (backend === undefined) return "no backend is known: set backend.serviceId, or TF_VAR_backend_service_id";
      return "state" in backend ? appliesTo(backend.state) : true;
    },
    run({ backend }: CheckContext) {
      if (backend === undefined) return unknown("no backend is known", "Set TF_VAR_backend_service_id.");
      return "state" in backend ? judge(backend.state) : unknown(backend.obstacle.reason, backend.obstacle.remedy);
    },
  };
}
