// The Terraform of the environment `local` names this path.
import "../../examples/backend/drain.ts";
