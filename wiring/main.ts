// The synthesized Terraform names this path. The steps' program is in `cli/`.
import "../cli/step.ts";
