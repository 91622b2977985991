"""The server: laws, counts, words of errors, bounds, other hosts, many clients."""

import json
import socket
import threading
import time

import numpy as np
import pytest

pytest.importorskip("starlette", reason="starlette of the extra `teach` is not installed")
pytest.importorskip("httpx", reason="httpx, which drives starlette's client, is not installed")

import anyio
import httpx
from starlette.requests import Request
from starlette.testclient import TestClient

from qcattn import Monitor, fit, softmax
from qcattn.backends import Aer
from qcattn.parsing import parse_json
from qcattn.teaching import server
from qcattn.teaching.drawing import MOST_SHOTS_OF_CALL, laws_of
from qcattn.teaching.lessons import built_in
from qcattn.teaching.server import MOST_BYTES, page_server
from qcattn.teaching.serving import serve_page
from qcattn.teaching.setups import setup_of


@pytest.fixture(scope="module")
def client():
    with TestClient(page_server(built_in()), base_url="http://127.0.0.1:8000") as made:
        yield made


def drawn(client, setup, **more):
    return client.post(
        "/draw", json={"setup": setup, "shots": 2000, "seed": 3, "number": 0, **more}
    )


def test_the_law_is_softmax_and_the_counts_follow_it(client):
    scores = [0.0, 0.5, 2.0]
    answer = drawn(client, {"scores": scores, "beta": 0.7}).json()
    expected = softmax(scores, beta=0.7)
    np.testing.assert_allclose(answer["expected"], expected, atol=1e-12)
    np.testing.assert_allclose(answer["law"], expected, atol=1e-9)
    np.testing.assert_allclose(answer["energies"], -np.array(scores))
    of = answer["circuit"]
    batch = answer["batch"]
    assert sum(batch["keys"]) + batch["stray"] + batch["discarded"] == 2000 == of["shots"]
    # A perfect sampler fails this in one of a million seeds, a wrong temperature at once.
    assert not fit(batch["keys"], expected, alpha=1e-6).refuted
    assert fit(batch["keys"], softmax(scores, beta=1.4), alpha=1e-6).refuted
    assert of["low"] <= [k / of["kept"] for k in batch["keys"]] <= of["high"]


def test_the_target_needs_no_circuit_and_waits_for_none(client, monkeypatch):
    def built(setup):
        raise AssertionError("no circuit is needed")

    scores, field = [0.0, 0.5, 2.0], '"field": 1'
    for more in ("", f", {field}", ', "reading": "turned"'):
        setup = f'{{"scores": {scores}, "beta": 0.7, "preparation": "ImaginaryTime"{more}}}'
        answer = drawn(client, parse_json(setup), shots=1).json()
        with monkeypatch.context() as patch:
            patch.setattr("qcattn.teaching.answers.laws_of", built)
            target = client.get("/target", params={"setup": setup}).json()
        for name in ("expected", "energies"):
            assert target[name] == answer[name]
    wrong = client.get("/target", params={"setup": '{"scores": [0, 1], "beta": -1}'})
    assert wrong.status_code == 400 and "`beta` must be one positive" in wrong.json()["error"]


def test_shots_of_a_herald_fall_away_at_the_rate_foretold(client):
    setup = {"scores": [0, 1], "preparation": "Heralded"}
    laws = client.get("/circuit", params={"setup": '{"scores": [0, 1], "preparation": "heralded"}'})
    assert laws.status_code == 400, "names are exact here, as the page sends them"
    answer = drawn(client, setup, shots=20_000).json()
    told = client.get("/circuit", params={"setup": '{"scores":[0,1],"preparation":"Heralded"}'})
    success = told.json()["success"]
    assert success == pytest.approx(0.5 / softmax([0, 1]).max())
    share = answer["circuit"]["kept"] / 20_000
    assert abs(share - success) < 5 * np.sqrt(success * (1 - success) / 20_000)
    assert "ry" in told.json()["circuit"].lower()


def test_the_same_request_gets_the_same_answer(client):
    one, other = (drawn(client, {"scores": [0, 1, 2]}, number=4).json() for _ in range(2))
    assert one == other
    assert drawn(client, {"scores": [0, 1, 2]}, number=5).json()["batch"] != one["batch"]


def test_the_verdict_goes_on_from_the_totals_as_a_monitor_does(client):
    """Four keys, so that every reading of noise is a key: a stray would refute at once."""
    setup = {"scores": [0, 1, 2, 4], "noise": 0.01}
    monitor, before, twin, p_values = Monitor(softmax([0, 1, 2, 4])), None, None, []
    for number in range(4):
        numbers = {"number": number, "before": before, "twin_before": twin}
        answer = drawn(client, setup, **numbers).json()
        before, twin = answer["circuit"]["totals"], answer["twin"]["totals"]
        monitor = monitor.update(answer["batch"]["keys"])
        p_values.append(answer["circuit"]["p_value"])
        assert p_values[-1] == pytest.approx(float(monitor.p_values))
        assert answer["circuit"]["refuted"] == (p_values[-1] <= 0.01)
    assert answer["circuit"]["shots"] == 8000
    assert p_values[3] < 0.01 * p_values[0], "evidence of one batch goes on in the next"


def test_noise_turns_the_verdict_and_none_does_not(client):
    """A perfect circuit is refuted in one of a hundred seeds at most; this one is not."""
    for noise, refuted in ((0.0, False), (0.1, True)):
        setup = {"scores": [0, 1, 2, 3], "noise": noise}
        assert drawn(client, setup, shots=20_000).json()["circuit"]["refuted"] == refuted


def test_the_twin_is_the_same_in_the_keys_and_another_when_turned(client):
    setup = {"scores": [0, 0], "preparation": "Amplitude"}
    keys = drawn(client, setup).json()
    assert keys["law"] == pytest.approx(keys["expected"])
    turned = drawn(client, {**setup, "reading": "turned"}).json()
    np.testing.assert_allclose(turned["law"], [1, 0], atol=1e-12)
    assert turned["expected"] == [0.5, 0.5] and turned["batch"]["keys"] == [2000, 0]
    assert turned["circuit"]["refuted"] and not turned["twin"]["refuted"]


def test_a_phase_shows_when_turned_only(client):
    setup = {"scores": [0, 0], "preparation": "Amplitude", "phase": np.pi}
    assert drawn(client, setup).json()["law"] == pytest.approx([0.5, 0.5])
    turned = drawn(client, {**setup, "reading": "turned"}).json()
    np.testing.assert_allclose(turned["law"], [0, 1], atol=1e-12)


def test_a_transverse_field_leads_away_from_softmax(client):
    setup = {"scores": [0, 2], "field": 1.0, "preparation": "ImaginaryTime"}
    answer = drawn(client, setup, shots=20_000).json()
    root = np.hypot(1, 1)
    # One qubit, H = -1 + Z - X: Z of its Gibbs state is -tanh(root) / root; the steps of
    # ImaginaryTime leave half a percent, softmax is off by seven.
    z = -np.tanh(root) / root
    np.testing.assert_allclose(answer["law"], [(1 + z) / 2, (1 - z) / 2], atol=5e-3)
    assert answer["circuit"]["refuted"]


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        ({"scores": [0, 1], "beta": -1}, "`beta` must be one positive, finite number, but is -1"),
        ({"scores": [0, 1], "beta": 1e9}, "`beta` must be at most 100"),
        ({"scores": list(range(17))}, "`scores` must be of at most 16 keys"),
        ({"scores": []}, "scores"),
        ({"scores": [[0, 1]]}, "`scores` must be one row"),
        ({"scores": ["a"]}, "`scores`"),
        ({"scores": [0, 1e6]}, "scores[1]"),
        ({"scores": [0, 1], "noise": 0.7}, "`noise` must be 0 or more and below 0.5"),
        ({"scores": [0, 1], "reading": "sideways"}, "`reading` must be one of keys, turned"),
        ({"scores": [0, 1], "preparation": "Amplitud"}, "did you mean 'Amplitude'?"),
        ({"scores": [0, 1], "field": 1, "preparation": "Amplitude"}, "the methods that fit"),
        ({"scores": [0, 1], "bta": 1}, "did you mean 'beta'?"),
        ({"scores": [0, 1], "beta": True}, "finite number, but is True"),
        ({"scores": [0, 1], "phase": 1e308}, "`phase` must be from -100 to 100 radians here"),
        ({"beta": 1}, "`scores` must be given"),
        ([0, 1], "a setting must be an object"),
    ],
)
def test_bad_settings_are_refused_with_words(client, setup, words):
    answer = drawn(client, setup)
    assert answer.status_code == 400 and words in answer.json()["error"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"shots": 0}, "`shots` must be a whole number, 1 or more, but is 0"),
        ({"shots": 20_001}, "`shots` must be at most 20,000 a call here"),
        ({"seed": -1}, "`seed`"),
        ({"number": 0.5}, "`number`"),
        ({"before": {"keys": [1]}}, "totals must have"),
        ({"before": {"keys": [1], "stray": 0, "discarded": 0, "peak": 0}}, "a list of 2 counts"),
        ({"mark": {"kind": "maybe"}}, "`kind` must be one of agrees, differs"),
        ({"mark": {"kind": "agrees", "alpha": 2}}, "`alpha` must be a number between 0 and 1"),
        ({"more": 1}, "a name of a request"),
    ],
)
def test_bad_requests_are_refused_with_words(client, more, words):
    answer = drawn(client, {"scores": [0, 1]}, **more)
    assert answer.status_code == 400 and words in answer.json()["error"]


def test_what_is_no_json_or_too_long_is_refused(client):
    assert client.post("/draw", content=b"{").status_code == 400
    assert "not JSON" in client.post("/draw", content=b"{").json()["error"]
    long = client.post("/draw", content=b" " * (MOST_BYTES + 1))
    assert long.status_code == 413 and "bytes" in long.json()["error"]


def test_an_address_that_is_too_long_is_refused():
    asked = {"type": "http", "query_string": b"setup=" + b"1" * (MOST_BYTES + 1)}
    with pytest.raises(server._Refused, match="at most 65,536 characters"):
        server._asked(Request(asked))


def test_too_slow_a_circuit_is_refused_before_it_is_drawn(client):
    setup = {"scores": list(range(16)), "preparation": "QSVT", "field": 1.0, "noise": 0.1}
    answer = drawn(client, setup, shots=20_000)
    assert answer.status_code == 400 and "foreseen to take" in answer.json()["error"]


def test_a_long_circuit_that_runs_for_every_shot_comes_in_small_batches(client):
    """Fifty shots of it took two seconds and a half; all but it are drawn as fast as is asked."""
    scores = [place / 16 for place in range(16)]
    found = {}
    for name in ("QuantumMCMC", "Purification", "QSVT"):
        asked = {"setup": json.dumps({"scores": scores, "preparation": name})}
        found[name] = client.get("/circuit", params=asked).json()["at_once"]
    assert found["Purification"] == found["QSVT"] == MOST_SHOTS_OF_CALL
    assert 1 <= found["QuantumMCMC"] <= 30
    prepared = laws_of(setup_of({"scores": scores, "preparation": "QuantumMCMC"})).prepared
    seconds = [Aer(device="CPU").foreseen(prepared, shots).seconds
               for shots in (found["QuantumMCMC"], 50)]  # fmt: skip
    assert seconds[0] <= 0.15 < 0.5 < seconds[1]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8000"}, 200),
        ({"host": "[::1]:8000"}, 200),
        ({"host": "evil.example:8000"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"origin": "http://127.0.0.1:8000"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9000"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_other_hosts_and_other_pages_are_refused(client, headers, status):
    answer = client.get("/lesson.json", headers=headers)
    assert answer.status_code == status
    assert status == 200 or "refused" in answer.text or "is not " in answer.text


def test_a_class_is_let_in_by_its_address_where_the_host_is_every_address():
    app = page_server(built_in(), host="0.0.0.0")
    with TestClient(app, base_url="http://192.168.0.7:8000") as client:
        assert client.get("/").status_code == 200
        assert client.get("/", headers={"host": "evil.example"}).status_code == 403


def test_every_file_comes_with_the_policy_that_nothing_comes_from_outside(client):
    for name in ("", "style.css", "widget.js", "page.js", "words.json", "lesson.json"):
        answer = client.get(f"/{name}")
        assert answer.status_code == 200 and answer.text
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "connect-src 'self'" in policy
        outside = [line for line in answer.text.split("\n") if "//" in line and "http" in line]
        assert all("http://www.w3.org/2000/svg" in line for line in outside)


def test_a_port_that_is_taken_is_told_with_its_cure():
    pytest.importorskip("uvicorn", reason="uvicorn of the extra `teach` is not installed")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        _, port = taken.getsockname()
        words = f"127.0.0.1 port {port} is not available .* choose another `--port`"
        with pytest.raises(OSError, match=words):
            serve_page(built_in(), host="127.0.0.1", port=port, opened=False, tell=print)


@pytest.mark.parametrize("host", ["192.0.2.7", ""])
def test_a_host_that_is_no_address_of_this_machine_is_told_with_its_cure(host):
    pytest.importorskip("uvicorn", reason="uvicorn of the extra `teach` is not installed")
    with pytest.raises(
        OSError, match=f"`--host` is {host!r}, which is not an address .* leave it out"
    ):
        serve_page(built_in(), host=host, port=0, opened=False, tell=print)


def test_who_else_can_open_the_page_is_told_and_ctrl_c_is_its_end(monkeypatch):
    uvicorn = pytest.importorskip("uvicorn", reason="uvicorn, of `teach`, is not installed")

    def pressed(self, sockets):
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "run", pressed)
    told = {}
    for host in ("127.0.0.1", "localhost", "0.0.0.0"):
        told[host] = []
        serve_page(built_in(), host=host, port=0, opened=False, tell=told[host].append)
    assert len(told["127.0.0.1"]) == len(told["localhost"]) == 1
    address, warning = told["0.0.0.0"]
    assert "http://0.0.0.0:" in address and "there is no password" in warning


@pytest.mark.parametrize("preparation", ["Purification", "Heralded", "QSVT"])
@pytest.mark.parametrize(
    "extreme",
    [
        {"scores": [0, 1, 2, 100], "beta": 100},  # weights too small for a number
        {"scores": [-100, 100], "reading": "turned"},
        {"scores": [1], "noise": 0.49},
        {"scores": [0, 1], "beta": 1e-9},
    ],
)
def test_every_answer_of_an_extreme_setting_is_json(client, extreme, preparation):
    setup = {**extreme, "preparation": preparation}
    asked = {"setup": setup, "shots": 100, "seed": 1, "number": 0, "mark": {"kind": "agrees"}}
    answers = [
        client.get("/target", params={"setup": json.dumps(setup)}),
        client.get("/circuit", params={"setup": json.dumps(setup)}),
        client.post("/draw", json=asked),
    ]
    assert [one.status_code for one in answers] == [200] * 3, [one.text for one in answers]
    energies = answers[0].json()["energies"]
    assert energies == pytest.approx([-score for score in extreme["scores"]])


def many(app, clients, request):
    async def all_of_them():
        transport = httpx.ASGITransport(app=app)
        found = []
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

            async def one(seed):
                found.append((seed, await client.post("/draw", json={**request, "seed": seed})))

            async with anyio.create_task_group() as group:
                for seed in range(clients):
                    group.start_soon(one, seed)
        return dict(found)

    return anyio.run(all_of_them)


REQUEST = {"setup": {"scores": [0, 1]}, "shots": 200, "number": 0}


def test_thirty_clients_at_once_get_their_own_shots(client):
    answers = many(page_server(built_in()), 30, REQUEST)
    assert {one.status_code for one in answers.values()} == {200}
    for seed in (0, 17, 29):
        alone = client.post("/draw", json={**REQUEST, "seed": seed}).json()
        assert answers[seed].json() == alone


def test_circuits_are_drawn_one_at_a_time(monkeypatch):
    at_work, most = [], []

    def slow(request):
        at_work.append(request)
        most.append(len(at_work))
        time.sleep(0.02)
        at_work.pop()
        return {}

    monkeypatch.setattr(server, "answer_draw", slow)
    assert len(many(page_server(built_in()), 8, REQUEST)) == 8 == most.count(1)


def test_more_than_may_wait_are_told_so(monkeypatch):
    held = threading.Event()

    def slow(request):
        held.wait(0.2)
        return {}

    monkeypatch.setattr(server, "answer_draw", slow)
    answers = many(page_server(built_in(), most_waiting=3), 8, REQUEST)
    codes = [one.status_code for one in answers.values()]
    assert codes.count(200) == 3 and codes.count(429) == 5
    refused = next(one for one in answers.values() if one.status_code == 429)
    assert "try again in a second" in refused.json()["error"]
