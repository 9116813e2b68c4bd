// The reference tus server (@tus/server) on a free loopback port; prints the port, ends with its standard input.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const folder = process.argv[2];
const tus = new Server({ path: "/files", datastore: new FileStore({ directory: folder }), respectForwardedHeaders: false });
const web = createServer((request, response) => {
  const held = request.url.match(/^\/held\/([0-9a-f]+)$/);
  if (held === null) return tus.handle(request, response);
  const data = readFileSync(join(folder, held[1]));
  response.setHeader("Content-Type", "application/json");
  return response.end(JSON.stringify({ size: data.length, sha256: createHash("sha256").update(data).digest("hex") }));
});
web.listen(0, "127.0.0.1", () => console.log(web.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
