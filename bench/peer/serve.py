"""The peer's process: serve.py LIBRARY NAME PARAMETERS prepares a task once and runs it on demand, one JSON line in, one out."""

import json
import sys
import time
from contextlib import nullcontext


def memory():
    fields = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    size = lambda name: 1024 * int(fields[name].split()[0])
    return {"resident": size("VmRSS"), "peak": size("VmHWM")}


def main():
    library, name, parameters = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    threads = parameters.pop("threads")  # of scikit-learn, in the environment
    if library == "torch":
        import tasks
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(0)
    else:
        import clustering as tasks
    device = parameters.pop("device", "cpu")
    with torch.device(device) if library == "torch" else nullcontext():
        run = getattr(tasks, name.replace("-", "_"))(**parameters)
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        if "memory" in request:
            answer = memory()
        elif "run" in request:
            start = time.perf_counter()
            run(request["run"])
            answer = {"seconds": time.perf_counter() - start}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
