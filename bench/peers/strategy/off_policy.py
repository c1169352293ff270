#!/usr/bin/env python3
"""Off-policy evaluation by obp: seven estimators over logged rounds with 10 actions; prints one JSON line. Ours is
`cargo run -p tercet-strategy --example off_policy -- FOLDER`, on the same files.

usage: off_policy.py prepare FOLDER N   writes N rounds (little-endian, row by row):
           action.u32 (N), reward.f64 (N), propensity.f64 (N), policy.f64 (N, 10), predictions.f64 (N, 10)
       off_policy.py run FOLDER         evaluates them; reading is not part of the time
"""
import json, os, resource, sys, time
from unittest.mock import MagicMock

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "2")
import numpy as np

N_ACTIONS = 10


def prepare(folder, n):
    """Customers of 50 kinds; the logging policy prefers good actions a little, the target a lot; predictions are off by 0.1."""
    os.makedirs(folder, exist_ok=True)
    random = np.random.default_rng(1)
    chances = random.uniform(0.05, 0.6, (50, N_ACTIONS))
    softmax = lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)
    logging, target = softmax(1.0 * chances), softmax(6.0 * chances)
    predictions = np.clip(chances + random.normal(0.0, 0.1, chances.shape), 0.0, 1.0)
    kind = random.integers(0, 50, n)
    action = (random.random((n, 1)) > np.cumsum(logging[kind], 1)).sum(1).clip(0, N_ACTIONS - 1)
    reward = (random.random(n) < chances[kind, action]).astype(np.float64)
    for name, values in (("action.u32", action.astype("<u4")), ("reward.f64", reward), ("propensity.f64", logging[kind, action]),
                         ("policy.f64", target[kind]), ("predictions.f64", predictions[kind])):
        values.tofile(os.path.join(folder, name))


def run(folder):
    # obp imports these for its networks and pictures; neither is used here.
    for name in ("torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.utils", "torch.utils.data", "matplotlib",
                 "matplotlib.pyplot", "seaborn", "yaml"):
        sys.modules[name] = MagicMock()
    # Two of its classes are derived from this one.
    sys.modules["torch"].utils.data.Dataset = object
    import obp
    from obp.ope import (DirectMethod, DoublyRobust, DoublyRobustWithShrinkage, InverseProbabilityWeighting, OffPolicyEvaluation,
                         SelfNormalizedDoublyRobust, SelfNormalizedInverseProbabilityWeighting, SwitchDoublyRobust)
    read = lambda name, kind: np.fromfile(os.path.join(folder, name), dtype=kind)
    action, reward, propensity = read("action.u32", "<u4").astype(np.int64), read("reward.f64", "<f8"), read("propensity.f64", "<f8")
    policy, predictions = (read(name, "<f8").reshape(-1, N_ACTIONS, 1) for name in ("policy.f64", "predictions.f64"))
    n = len(action)
    log = dict(n_rounds=n, n_actions=N_ACTIONS, context=np.zeros((n, 1)), action=action, position=np.zeros(n, dtype=int), reward=reward, pscore=propensity)
    estimators = [InverseProbabilityWeighting(estimator_name="ips"), SelfNormalizedInverseProbabilityWeighting(estimator_name="snips"),
                  DirectMethod(estimator_name="dm"), DoublyRobust(estimator_name="dr"), SelfNormalizedDoublyRobust(estimator_name="sndr"),
                  SwitchDoublyRobust(lambda_=10, estimator_name="switch_dr"), DoublyRobustWithShrinkage(lambda_=100, estimator_name="dr_os")]
    wall, cpu = time.perf_counter(), time.process_time()
    evaluation = OffPolicyEvaluation(bandit_feedback=log, ope_estimators=estimators)
    values = evaluation.estimate_policy_values(action_dist=policy, estimated_rewards_by_reg_model=predictions)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(json.dumps({"who": f"obp {obp.__version__}", "n_rounds": n, **{name: float(value) for name, value in values.items()},
                      "cpu_seconds": round(cpu, 4), "wall_seconds": round(wall, 4),
                      "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


if sys.argv[1] == "prepare":
    prepare(sys.argv[2], int(sys.argv[3]))
else:
    run(sys.argv[2])
