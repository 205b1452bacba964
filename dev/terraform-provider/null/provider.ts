import type { Provider } from "../framework/provider.ts";
import { nullResource } from "./null-resource.ts";

/** `hashicorp/null` 3.2.4, without its data source. */
export const nullProvider: Provider<null> = {
  schema: { attributes: {} },
  resources: { null_resource: nullResource },
  configure: () => null,
};
