// Sends a test tone to a drumscribe server, and prints the hits that it answers. For Node.js, and Max's [node.script].
//
//     drumscribe serve --tcp 127.0.0.1:7676
//     node socket_client.mjs 127.0.0.1:7676 [TOKEN]

import net from "node:net";
import readline from "node:readline";

const RATE = 48000;
const [address = "127.0.0.1:7676", token = ""] = process.argv.slice(2);
const at = address.lastIndexOf(":");

function message(kind, data) {
  const header = Buffer.alloc(8);
  header.write(kind, "ascii");
  header.writeUInt32LE(data.length, 4);
  return Buffer.concat([header, data]);
}

const command = (kind, facts = {}) => message("cmd ", Buffer.from(JSON.stringify({ command: kind, ...facts })));

function sound(samples) {
  const data = Buffer.alloc(4 * samples.length);
  samples.forEach((sample, i) => data.writeFloatLE(sample, 4 * i));
  return message("snd ", data);
}

// A falling sine every half second: something of a kick
function kick(i) {
  const t = (i % (RATE / 2)) / RATE;
  return 0.8 * Math.sin(2 * Math.PI * (50 * t + 6 * (1 - Math.exp(-30 * t)))) * Math.exp(-12 * t);
}

const socket = net.connect(Number(address.slice(at + 1)), address.slice(0, at));
socket.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
socket.write(JSON.stringify({ protocol: 2, rate: RATE, channels: 1, token }) + "\n");

for await (const line of readline.createInterface({ input: socket })) {
  const event = JSON.parse(line);
  if (event.event === "ready") {
    socket.write(command("latency", { milliseconds: 60 }));
    for (let i = 0; i < 2 * RATE; i += 480) socket.write(sound(Array.from({ length: 480 }, (_, k) => kick(i + k))));
    socket.write(command("end"));
  } else if (event.event === "hit") {
    console.log(event.time.toFixed(2), event.articulation, event.velocity);
  } else if (event.event === "error") {
    console.error(event.message);
    process.exitCode = 1;
  }
}
