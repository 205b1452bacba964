import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";

/**
 * A store that speaks S3, as R2 and MinIO do: objects by path, conditional writes, and nothing else of Amazon: no STS, no
 * account, no metadata service, no checksums in trailers.
 */
export class S3Store {
  readonly objects = new Map<string, string>();
  /** Every request, as `PUT /bucket/key`. */
  readonly requests: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const { method = "", url = "", headers } = request;
      const path = url.split("?")[0] ?? "";
      this.requests.push(`${method} ${path}`);
      const body = await text(request);
      const found = this.objects.get(path);
      const refused = headers["content-encoding"] === "aws-chunked" || headers["x-amz-trailer"] !== undefined;
      if (refused) response.writeHead(501);
      else if (url.includes("list-type=2")) response.writeHead(200).write(this.#list(path));
      else if (method === "PUT") {
        const taken = headers["if-none-match"] === "*" && found !== undefined;
        if (!taken) this.objects.set(path, body);
        response.writeHead(taken ? 412 : 200, { etag: etag(body) });
      } else if (method === "DELETE") {
        this.objects.delete(path);
        response.writeHead(204);
      } else if (found === undefined) response.writeHead(404);
      else response.writeHead(200, { etag: etag(found), "content-length": Buffer.byteLength(found) });
      if (method === "GET" && found !== undefined && !refused) response.write(found);
      response.end();
    });
  }

  static async start(): Promise<S3Store> {
    const store = new S3Store();
    await new Promise<void>((resolve) => store.#server.listen(0, "127.0.0.1", resolve));
    return store;
  }

  get endpoint(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  /** The keys in a bucket: that is how Terraform finds its workspaces. */
  #list(bucket: string): string {
    const keys = [...this.objects.keys()].filter((path) => path.startsWith(`${bucket}/`));
    const contents = keys.map(
      (path) => `<Contents><Key>${decodeURIComponent(path.slice(bucket.length + 1))}</Key></Contents>`,
    );
    return `<ListBucketResult>${contents.join("")}</ListBucketResult>`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function etag(body: string): string {
  return `"${createHash("md5").update(body).digest("hex")}"`;
}
