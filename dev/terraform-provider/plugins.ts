/**
 * A directory, laid out as a filesystem mirror, with the plugins that Terraform uses instead of this project's providers: the
 * real ones, where somebody has them. From `REHEARSAL_PLUGIN_DIRECTORY`.
 */
export function pluginDirectory(): string | undefined {
  return process.env.REHEARSAL_PLUGIN_DIRECTORY || undefined;
}

/** Terraform's settings (`TF_CLI_CONFIG_FILE`): the providers come from this directory, and no registry is asked. */
export function installedFrom(plugins: string): string {
  return `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(plugins)}\n  }\n}\n`;
}
