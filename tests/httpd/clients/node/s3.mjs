// Licensed under the Apache License, Version 2.0; see LICENSE.
// s3.mjs CLIENT VERB URL NAME FILE - as the manuals of @aws-sdk/client-s3 and
// aws4fetch have it. VERB is put, stream (the SDK's aws-chunked) or get. The
// keys come from the environment.
import fs from "node:fs";
import { Readable } from "node:stream";

const [client, verb, url, name, file] = process.argv.slice(2);
const keys = { accessKeyId: process.env.KEY_ID,
               secretAccessKey: process.env.KEY_SECRET };

async function sdk() {
  const { S3Client, GetObjectCommand, PutObjectCommand } =
    await import("@aws-sdk/client-s3");
  const s3 = new S3Client({ endpoint: url, region: "us-east-1",
                            forcePathStyle: true, credentials: keys,
                            maxAttempts: 1 });
  const where = { Bucket: "files", Key: name };
  if (verb === "get") {
    const answer = await s3.send(new GetObjectCommand(where));
    return fs.writeFileSync(file, await answer.Body.transformToByteArray());
  }
  const data = fs.readFileSync(file);
  const more = verb === "put" ? { Body: data }
    : { Body: Readable.from([data.subarray(0, 7), data.subarray(7)]),
        ContentLength: data.length };
  await s3.send(new PutObjectCommand({ ...where, ...more }));
}

async function aws4fetch() {
  const { AwsClient } = await import("aws4fetch");
  const aws = new AwsClient({ ...keys, service: "s3", region: "us-east-1",
                              retries: 0 });
  const target = `${url}/files/${encodeURIComponent(name)}`;
  const answer = await aws.fetch(target, verb === "get" ? {}
    : { method: "PUT", body: fs.readFileSync(file) });
  if (!answer.ok)
    throw new Error(`${answer.status} ${await answer.text()}`);
  if (verb === "get")
    fs.writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
}

await (client === "sdk" ? sdk() : aws4fetch());
