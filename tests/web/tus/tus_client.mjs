// Uploads one file with tus-js-client; arguments: folder of the packages, endpoint, file, headers and metadata as JSON.
import { createReadStream, statSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, endpoint, file, headers, metadata] = process.argv.slice(2);
const tus = createRequire(`${folder}/`)("tus-js-client");
const size = statSync(file).size;
let interrupted = false;
const upload = new tus.Upload(createReadStream(file), {
  endpoint,
  headers: JSON.parse(headers),
  metadata: JSON.parse(metadata),
  chunkSize: Math.ceil(size / 3),
  uploadSize: size,
  retryDelays: [0, 10],
  onError: (error) => { console.error(String(error)); process.exit(1); },
  onSuccess: () => console.log(JSON.stringify({ url: upload.url, interrupted })),
});
upload.start();
