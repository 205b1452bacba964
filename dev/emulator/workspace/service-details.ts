import type { Platform } from "../platform.ts";
import type { ServiceState } from "../state/schema.ts";

/** A service as the API shows it. Its `url` leads to the process that runs on this machine. */
export function serviceView({ store }: Platform, service: ServiceState) {
  const { repo, branch, imagePath, environmentId } = service;
  return {
    autoDeploy: service.autoDeploy,
    autoDeployTrigger: service.autoDeploy === "yes" ? "commit" : "off",
    ...(branch === undefined ? {} : { branch }),
    createdAt: service.createdAt,
    dashboardUrl: `https://dashboard.render.com/${DASHBOARD_PATHS[service.type]}/${service.id}`,
    ...(environmentId === undefined ? {} : { environmentId }),
    id: service.id,
    ...(imagePath === undefined ? {} : { imagePath }),
    name: service.name,
    notifyOnFail: "default",
    ownerId: store.state.ownerId,
    ...(repo === undefined ? {} : { repo }),
    rootDir: service.rootDir,
    serviceDetails: {
      ...service.serviceDetails,
      sshAddress: `${service.id}@ssh.${service.serviceDetails.region}.render.com`,
      url: `http://127.0.0.1:${service.publicPort}`,
    },
    slug: service.name,
    suspended: service.suspended ? "suspended" : "not_suspended",
    suspenders: service.suspended ? ["user"] : [],
    type: service.type,
    updatedAt: service.updatedAt,
  };
}

const DASHBOARD_PATHS = {
  web_service: "web",
  private_service: "pserv",
  background_worker: "worker",
  cron_job: "cron",
  static_site: "static",
} as const;
