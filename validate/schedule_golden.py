"""Writes tests/golden/schedules: the order of work that torch.distributed.pipelining (PyTorch 2.11) gives every schedule.

Run in the peer environment (validate/requirements.txt), from the repository root:
    python validate/schedule_golden.py tests/golden/schedules

grid.csv has a line for each schedule and size: digests (64-bit FNV-1a) of the compute-only and the lowered form, or the
error. The other files hold a few sizes whole, so that a difference can be read. Left out of both forms: idle cells, which
torch ignores when it executes, and the order within a run of RESHARD, which is that of a Python set. Orders of 1F1B and
GPipe are recorded from their execution: what torch lists for them as pipeline_order it only draws, and for 1F1B it
names microbatches 1 to m on the last rank.
"""
import itertools
import os
import sys

from torch.distributed.pipelining import schedules as upstream

MULTI = ["LoopedBFS", "Interleaved1F1B", "InterleavedZeroBubble"]
V_SHAPED = ["ZBVZeroBubble", "DualPipeV"]
SINGLE = ["GPipe", "1F1B"]
WHOLE = [(1, 4), (2, 4), (3, 6), (4, 8)]  # ranks, microbatches


class Stage:
    """Stands in for a pipeline stage: knows its place and notes what a schedule asks of it."""

    submod = None

    def __init__(self, index, rank, num_ranks, num_stages):
        self.stage_index, self.group_rank, self.group_size, self.num_stages = index, rank, num_ranks, num_stages
        self.is_first, self.is_last = index == 0, index == num_stages - 1
        self.order = []

    def forward_one_chunk(self, microbatch, *_, **__):
        self.order.append(upstream._Action(self.stage_index, upstream.F, microbatch))

    def backward_one_chunk(self, microbatch, **_):
        self.order.append(upstream._Action(self.stage_index, upstream.B, microbatch))

    def perform_reduce_grad(self, _):
        pass

    def no_transfers(self, _):
        return []

    get_fwd_recv_ops = get_fwd_send_ops = get_bwd_recv_ops = get_bwd_send_ops = no_transfers


def executed_order(name, num_ranks, num_microbatches):
    order = {}
    for rank in range(num_ranks):
        stage = Stage(rank, rank, num_ranks, num_ranks)
        schedule = upstream.get_schedule_class(name)(stage, num_microbatches)
        schedule._initialize_stage = lambda *_: None
        schedule._step_microbatches()
        order[rank] = stage.order
    return order


def lowered(order, num_stages, num_microbatches):
    owner = {action.stage_index: rank for rank, actions in order.items() for action in actions}
    lowered = {
        rank: upstream._add_reduce_grad(upstream._add_unshard_reshard(actions), num_microbatches)
        for rank, actions in order.items()
    }
    return upstream._add_send_recv(lowered, owner.__getitem__, num_stages)


def orders(name, num_ranks, per_rank, num_microbatches):
    """Returns the compute-only and the lowered order of every rank."""
    if name in SINGLE:
        order = executed_order(name, num_ranks, num_microbatches)
        return order, lowered(order, num_ranks, num_microbatches)
    stages = [Stage(local * num_ranks, 0, num_ranks, num_ranks * per_rank) for local in range(per_rank)]
    schedule = upstream.get_schedule_class(name)(stages, num_microbatches)
    return schedule.pipeline_order, schedule.pipeline_order_with_comms


def row(actions):
    is_reshard = lambda action: action.computation_type == upstream.RESHARD
    cells = []
    for reshards, run in itertools.groupby((action for action in actions if action is not None), key=is_reshard):
        cells += sorted(run, key=lambda action: action.stage_index) if reshards else run
    return ",".join(map(str, cells))


def text(order):
    return "".join(row(order[rank]) + "\n" for rank in sorted(order))


def digest(content):
    value = 0xCBF29CE484222325
    for byte in content.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def sizes():
    for num_ranks in range(1, 9):
        for num_microbatches in [*range(1, 21), 24, 32]:
            for name in SINGLE:
                yield name, num_ranks, 1, num_microbatches
            for name in V_SHAPED:
                yield name, num_ranks, 2, num_microbatches
            for name, per_rank in itertools.product(MULTI, (2, 3, 4)):
                yield name, num_ranks, per_rank, num_microbatches


def main(folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "grid.csv"), "w") as grid:
        grid.write("schedule,num_ranks,stages_per_rank,num_microbatches,compute,lowered_or_error\n")
        for name, num_ranks, per_rank, num_microbatches in sizes():
            grid.write(f"{name},{num_ranks},{per_rank},{num_microbatches},")
            try:
                compute, full = map(text, orders(name, num_ranks, per_rank, num_microbatches))
            except ValueError as error:
                grid.write(f"error,{error}\n")
                continue
            grid.write(f"{digest(compute)},{digest(full)}\n")
            if (num_ranks, num_microbatches) in WHOLE and per_rank <= 2:
                for form, content in (("compute", compute), ("lowered", full)):
                    file = f"{name}_pp{num_ranks}_v{per_rank}_mb{num_microbatches}_{form}.csv"
                    with open(os.path.join(folder, file), "w") as out:
                        out.write(content)


if __name__ == "__main__":
    main(sys.argv[1])
