// The page's model when a server draws: what anywidget's `model` is in a notebook.
import widget from "./widget.js";

async function asked(path, options) {
  const reply = await fetch(path, options);
  const body = await reply.json();
  if (!reply.ok) throw new Error(body.error ?? `${reply.status}`);
  return body;
}

const functions = {
  laws: (content) => asked(`circuit?setup=${encodeURIComponent(JSON.stringify(content))}`),
  draw: (content) =>
    asked("draw", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(content),
    }),
};

function modelOf(state) {
  const heard = [];
  return {
    get: (name) => state[name],
    set: (name, value) => (state[name] = value),
    save_changes: () => {},
    on: (event, callback) => event === "msg:custom" && heard.push(callback),
    off: (event, callback) => heard.includes(callback) && heard.splice(heard.indexOf(callback), 1),
    // A reply has the id of its request, so that the widget drops one that comes too late.
    send: ({ id, call, content }) =>
      functions[call](content).then(
        (answer) => heard.forEach((callback) => callback({ id, answer })),
        (error) => heard.forEach((callback) => callback({ id, error: error.message })),
      ),
  };
}

const told = await asked("lesson.json");
widget.render({ model: modelOf({ ...told, hash: true }), el: document.getElementById("page") });
