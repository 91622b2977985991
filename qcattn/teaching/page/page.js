// The page's model, which is anywidget's own in a notebook: a server draws, or what was drawn before
// is replayed.
import widget from "./widget.js";

/** Nobody answered, or not to the end. */
class Lost extends Error {}
/** All that was drawn beforehand has been replayed. */
class Ended extends Error {}

async function asked(path, options) {
  const lost = () => {
    throw new Lost(path);
  };
  const reply = await fetch(path, options).catch(lost);
  // A fault of the server's own is told in no words of it.
  const body = await reply.json().catch(() => (reply.status === 500 ? {} : lost()));
  if (!reply.ok) throw new Error(body.error ?? told.words.fault);
  return body;
}

const ofSetup = (path) => (content) => asked(`${path}?setup=${encodeURIComponent(JSON.stringify(content))}`);
const served = {
  target: ofSetup("target"),
  laws: ofSetup("circuit"),
  draw: (content) =>
    asked("draw", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(content),
    }),
};

/** The replies of the server to every setting of a grid, each batch of them in its turn. */
function replayed({ replay, words }) {
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const found = (setup, mark) => {
    const entry = replay.entries.find(
      (one) => same(one.laws.setup, setup) && (mark === null || same(one.mark, mark)),
    );
    if (!entry) throw new Error(words.replay_none);
    return entry;
  };
  return {
    target: async (setup) => found(setup, null).target,
    laws: async (setup) => found(setup, null).laws,
    draw: async ({ setup, number, mark }) => {
      const { replies } = found(setup, mark);
      if (!replies[number]) throw new Ended();
      return replies[number];
    },
  };
}

function modelOf(state, functions) {
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
        (error) => heard.forEach((callback) => callback({ id, ...fault(error) })),
      ),
  };
}

function fault(error) {
  if (error instanceof Ended) return { ended: true };
  const port = location.port;
  return error instanceof Lost ? { lost: told.words.lost.replace("{port}", port) } : { error: error.message };
}

const recorded = document.getElementById("recorded");
const told = recorded ? JSON.parse(recorded.textContent) : await asked("lesson.json");
document.title = told.lesson.title;
document.documentElement.lang = told.words.language;
const model = modelOf({ ...told, hash: true }, recorded ? replayed(told) : served);
widget.render({ model, el: document.getElementById("page") });
