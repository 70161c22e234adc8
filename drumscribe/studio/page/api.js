// Requests to the server, and events from it.

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(`api/${path}`, options);
  } catch {
    throw new Error("The studio does not answer: is it still running?");
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  let message = text;
  try {
    message = JSON.parse(text).error;
  } catch { /* it is text */ }
  throw Object.assign(new Error(message || `The studio answers with ${answer.status}`), { status: answer.status });
}

export const get = async (path) => (await ask(path)).json();
export const bytes = async (path) => (await ask(path)).arrayBuffer();

export async function post(path, body = {}) {
  const answer = await ask(path, { method: "POST", body: JSON.stringify(body) });
  return answer.status === 204 ? null : answer.json();
}

export const remove = (path) => ask(path, { method: "DELETE" });

// Sends a file; `progress` is called with the share that is sent.
export function send(path, file, name, progress = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `api/${path}`);
    request.setRequestHeader("X-Name", encodeURIComponent(name));
    request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onerror = () => reject(new Error(`${name}: could not be sent`));
    request.onload = () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch { /* it is no JSON */ }
      if (request.status < 300) resolve(answer);
      else reject(new Error(answer.error || `${name}: refused (${request.status})`));
    };
    request.send(file);
  });
}

export function listen(onevent) {
  const source = new EventSource("api/events");
  source.onmessage = (message) => onevent(JSON.parse(message.data));
  return source;
}
