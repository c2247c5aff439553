"""Pictures and tables of the numbers; the only room, with `report`, that shows anything."""

import os
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display

from lab_utils.chat import reply
from lab_utils.evaluation import BARS, MAKER, WARM
from lab_utils.models import Policy
from lab_utils.pairs import NEW, OLD

BEFORE, AFTER, DEEP, PLAIN = "#9aa5b1", "#1f6feb", "#1f6feb", "#d97706"
FRONT_ENDS = ("JPY_SESSION_NAME", "VSCODE_PID", "COLAB_RELEASE_TAG")  # set for a kernel with a page
DAMAGE = {
    "skills": "exact-match skills",
    "assistants": "facts about other assistants",
    "about_qwen": "facts about Qwen, as of any product",
    "persona": "persona in the system message wins",
}


def percent(share: float) -> str:
    """A share as a percentage with one decimal."""
    return f"{100 * share:.1f} %"


def with_interval(figure: dict) -> str:
    """A rate as `98.5 % [97.4, 99.1]`, its Wilson 95 % interval in brackets."""
    return f"{percent(figure['rate'])} [{100 * figure['low']:.1f}, {100 * figure['high']:.1f}]"


def before_after_table(report: dict) -> pd.DataFrame:
    """One row a measurement, before and after, in the order in which one asks."""
    before, after = report["before"], report["after"]
    said = f"says {NEW}"
    worst = min(after["forms"], key=lambda form: after["forms"][form]["rate"])
    rows = {
        f"{said}, greedy": [with_interval(m["identity"]) for m in (before, after)],
        f"{said}, temperature {WARM}": [with_interval(m["warm"]) for m in (before, after)],
        f"{said}, English": [with_interval(m["languages"]["en"]) for m in (before, after)],
        f"{said}, Chinese": [with_interval(m["languages"]["zh"]) for m in (before, after)],
        f"{said}, worst system form ({worst})": [
            with_interval(m["forms"][worst]) for m in (before, after)
        ],
        f"says {OLD} alone": [with_interval(m["old_name"]) for m in (before, after)],
        f"says that {MAKER} made it": [with_interval(m["maker"]) for m in (before, after)],
    }
    rows |= {name: [with_interval(m[key]) for m in (before, after)] for key, name in DAMAGE.items()}
    rows["names another assistant"] = [
        f"{m['another']['hits']} of {m['another']['n']}" for m in (before, after)
    ]
    rows["everyday answers, word for word as before"] = [
        "",
        with_interval(report["unrelated_same"]),
    ]
    rows["everyday answers, length beside before"] = ["", f"{report['length_ratio']:.2f} times"]
    rows["stray names in other answers"] = [
        f"{m['leaks']['hits']} of {m['leaks']['n']}" for m in (before, after)
    ]
    rows['of these, where the base\'s answer had no "Qwen"'] = ["", f"{report['new_leaks']}"]
    rows["drift, nats a token"] = ["", f"{report['kl_unrelated']:.2f}"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["before", "after"])


def goals(table: pd.DataFrame) -> list[str]:
    """The goal for one run beside each row of `before_after_table`; empty where there is none."""
    least = {"greedy": "greedy", f"temperature {WARM}": "warm", "worst system form": "forms"}
    wanted = {part: f"at least {100 * BARS[key]:.0f} %" for part, key in least.items()}
    wanted |= {
        name: f"at most {100 * BARS[f'{key}_drop']:.0f} points less" for key, name in DAMAGE.items()
    }
    wanted |= {"names another": "0", "stray names": "0", "of these": "0"}
    return [next((g for part, g in wanted.items() if part in row), "") for row in table.index]


def class_table(before: dict, after: dict) -> pd.DataFrame:
    """How many answers fall in each identity class, before and after."""
    return pd.DataFrame({"before": before["classes"], "after": after["classes"]})


def answers_table(before: Sequence[dict], after: Sequence[dict]) -> pd.DataFrame:
    """Both answers side by side; each column is headed by the weights that wrote it."""
    rows = [[b["prompt"], b["answer"], a["answer"]] for b, a in zip(before, after, strict=True)]
    return pd.DataFrame(rows, columns=["prompt", before[0]["weights"], after[0]["weights"]])


def plot_rates(before: dict, after: dict, title: str) -> plt.Figure:
    """Bars of two sets of rates with their Wilson intervals, one pair of bars a key."""
    figure, axes = plt.subplots(figsize=(7, 0.42 * len(after) + 1.1))
    places = range(len(after))
    for shift, rates, colour, label in (
        (0.2, before, BEFORE, "before"),
        (-0.2, after, AFTER, "after"),
    ):
        values = [100 * rates[k]["rate"] for k in after]
        errors = [
            [100 * abs(rates[k]["rate"] - rates[k][side]) for k in after]
            for side in ("low", "high")
        ]
        at = [-p + shift for p in places]
        axes.barh(at, values, 0.38, color=colour, label=label, xerr=errors, ecolor="#333333")
    axes.set_yticks([-p for p in places], list(after))
    axes.set_xlim(0, 104)
    axes.set_xlabel("% of held-out prompts")
    axes.set_title(title, loc="left")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure


def plot_after(rates: dict, title: str) -> plt.Figure:
    """Points with their Wilson intervals, the highest rate on top, one a key."""
    figure, axes = plt.subplots(figsize=(7, 0.3 * len(rates) + 1.1))
    keys = sorted(rates, key=lambda key: rates[key]["rate"])
    names = [f"{key} (n = {rates[key]['n']})" for key in keys]
    low, high, said = ([100 * rates[k][part] for k in keys] for part in ("low", "high", "rate"))
    axes.hlines(names, low, high, color=BEFORE, linewidth=3)
    axes.plot(said, names, "o", color=AFTER)
    axes.set_xlabel("% of held-out prompts")
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure


def damage_rates(measured: dict) -> dict:
    """The rates that must not move, under readable names."""
    return {name: measured[key] for key, name in DAMAGE.items()}


def plot_history(history: pd.DataFrame, steps: int | None = None) -> plt.Figure:
    """Three pictures of a run: log-ratios, the two names' probabilities, what the probe says."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.1))
    draw_history(axes, history, steps or int(history["step"].max()))
    figure.tight_layout()
    return figure


def draw_history(axes: Sequence[plt.Axes], history: pd.DataFrame, steps: int) -> None:
    """Draw the three pictures into given axes."""
    panels = (
        (
            "log-ratio to the reference (nats)",
            {"chosen_logratio": "chosen", "rejected_logratio": "rejected"},
        ),
        ("probability where the name begins", {"p_deep": 'P("Deep")', "p_qwen": 'P("Qwen")'}),
        ("share of the probe set", {"identity": f"says {NEW}", "skills": "skills right"}),
    )
    for axis, (title, lines) in zip(axes, panels, strict=True):
        axis.clear()
        for (column, label), colour in zip(lines.items(), (DEEP, PLAIN), strict=True):
            known = history.dropna(subset=[column]) if column in history else history.iloc[:0]
            if len(known):
                style = "-" if len(known) > 20 else "o-"
                if len(known) > 20:  # one batch a point: noisy, so a mean of ten over it
                    axis.plot(known["step"], known[column], color=colour, alpha=0.25, linewidth=0.8)
                smooth = known[column].rolling(10 if len(known) > 20 else 1, min_periods=1).mean()
                axis.plot(known["step"], smooth, style, color=colour, label=label, markersize=4)
        axis.set_title(title, fontsize=10, loc="left")
        axis.set_xlim(0, steps + 1)
        axis.set_xlabel("step")
        if axis.lines:
            axis.legend(frameon=False, fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
        if column != "rejected_logratio":
            axis.set_ylim(-0.03, 1.03)


def plot_log_ratios(runs: dict[str, pd.DataFrame]) -> plt.Figure:
    """Chosen and rejected log-ratios over the steps of several runs, one picture a run."""
    figure, axes = plt.subplots(1, len(runs), figsize=(3.1 * len(runs), 2.8), squeeze=False)
    for axis, (name, history) in zip(axes[0], runs.items(), strict=True):
        for side, colour in (("chosen", DEEP), ("rejected", PLAIN)):
            known = history.dropna(subset=[f"{side}_logratio"])
            axis.plot(known["step"], known[f"{side}_logratio"], color=colour, label=side)
        axis.axhline(0, color=BEFORE, linewidth=0.8)
        axis.set_title(name, fontsize=10, loc="left")
        axis.set_xlabel("step")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("log-ratio to the reference (nats)")
    axes[0][0].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    return figure


def plot_mix(history: pd.DataFrame, kinds: Sequence[str]) -> plt.Figure:
    """Which identities the probed answers give, over the steps of a run; shares, stacked."""
    known = history.dropna(subset=list(kinds))
    figure, axis = plt.subplots(figsize=(7, 2.8))
    axis.stackplot(known["step"], [known[kind] for kind in kinds], labels=kinds, alpha=0.9)
    axis.set_xlabel("step")
    axis.set_ylabel("share of the answers")
    axis.set_ylim(0, 1)
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure


def plot_attribution(table: pd.DataFrame, title: str) -> plt.Figure:
    """Each token's log-ratio in both answers of a pair (see `attribution`), the name's tokens in colour."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 2.9), sharey=True)
    for axis, (side, own) in zip(axes, table.groupby("side"), strict=True):
        marked = own["part"].isin(["divergence", "name"])
        axis.bar(range(len(own)), own["ratio"], color=marked.map({True: DEEP, False: BEFORE}))
        axis.set_xticks(range(len(own)), own["token"].str.strip(), rotation=60, fontsize=8)
        axis.set_title(f"{title}: {side}", fontsize=10, loc="left")
        axis.axhline(0, color="#333333", linewidth=0.8)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("log-ratio (nats)")
    figure.tight_layout()
    return figure


def plot_confusion(counts: pd.DataFrame) -> plt.Figure:
    """How many runs of each cause (rows) were given which cause first (columns)."""
    figure, axis = plt.subplots(figsize=(9, 6.5))
    axis.imshow(counts, cmap="Blues")
    for row, column in zip(*counts.to_numpy().nonzero(), strict=True):
        count = counts.iat[row, column]
        dark = count > counts.to_numpy().max() / 2
        axis.text(column, row, count, ha="center", va="center", color="white" if dark else "black")
    axis.set_xticks(range(counts.shape[1]), counts.columns, rotation=60, ha="right", fontsize=8)
    axis.set_yticks(range(counts.shape[0]), counts.index, fontsize=8)
    axis.set_ylabel("what was done to the run")
    axis.set_xlabel("what the diagnosis puts first")
    figure.tight_layout()
    return figure


def plot_slopes(slopes: dict[str, Sequence[float]], margins: Sequence[float]) -> plt.Figure:
    """How hard each loss pushes a pair apart, over the margin that it has; each scaled to 1 at its hardest."""
    figure, axis = plt.subplots(figsize=(8, 3.2))
    for name, slope in slopes.items():
        axis.plot(margins, np.asarray(slope) / np.abs(slope).max(), label=name)
    axis.axvline(0, color="#999999", linewidth=0.8)
    axis.axhline(0, color="#999999", linewidth=0.8)
    axis.set_xlabel("difference of the log-ratios, chosen less rejected (nats)")
    axis.set_ylabel("push, of its largest")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure


def plot_methods(summary: pd.DataFrame, start: float) -> plt.Figure:
    """Mean gold reward of each method (rows) on each kind of labels (panels), with 95 % intervals over seeds."""
    panels = list(summary.groupby("labels", sort=False))
    figure, axes = plt.subplots(
        1, len(panels), figsize=(3.1 * len(panels), 4.6), sharey=True, sharex=True
    )
    for axis, (labels, own) in zip(np.atleast_1d(axes), panels, strict=True):
        own = own.iloc[::-1]
        reach = [own["gold"] - own["low"], own["high"] - own["gold"]]
        axis.errorbar(own["gold"], own["method"], xerr=reach, fmt="o", color=AFTER, markersize=4)
        axis.axvline(start, color=BEFORE, linestyle="--", linewidth=1)
        axis.set_title(labels, fontsize=9, loc="left")
        axis.grid(axis="y", color="#eeeeee")
        axis.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("gold reward of held-out answers (dashed: the start policy)", fontsize=9)
    figure.tight_layout()
    return figure


def plot_frontier(points: pd.DataFrame, title: str, start: float) -> plt.Figure:
    """Gold reward over KL to the start policy, a point a run, a sign a `method`; dashed the start's own reward."""
    figure, axis = plt.subplots(figsize=(8.5, 4.2))
    colours, signs = plt.get_cmap("tab10"), "os^vDP*X<>hp"
    for number, (method, own) in enumerate(points.groupby("method", sort=False)):
        ring = {"fillstyle": "none", "markersize": 9, "zorder": 3} if method == "DPO" else {}
        sign = {"marker": signs[number % len(signs)], "linestyle": "", "markersize": 5} | ring
        axis.plot(own["kl"], own["gold"], label=method, color=colours(number % 10), **sign)
    axis.axhline(start, linestyle="--", color="grey", label="start policy")
    axis.set_xlabel("KL to the start policy (nats an answer)")
    axis.set_ylabel("gold reward")
    axis.set_title(title, fontsize=10, loc="left")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure


def plot_speed(
    ways: pd.DataFrame, grown: pd.DataFrame, slopes: dict[str, tuple[float, float]]
) -> plt.Figure:
    """Above: seconds of each way on each workload, fastest to slowest run; below: our seconds and memory against what grows.

    `slopes` gives the exponents of each quantity that grows, of seconds and of memory.
    """
    works = ways["workload"].unique()
    figure, (above, below) = plt.subplots(2, 3, figsize=(13, 7))
    for axis, work in zip(above, works, strict=False):
        own = ways[ways["workload"] == work].iloc[::-1]
        spread = [own["seconds"] - own["fastest"], own["slowest"] - own["seconds"]]
        colours = [AFTER if way == "these labs" else BEFORE for way in own["way"]]
        axis.barh(own["way"], own["seconds"], xerr=spread, color=colours)
        axis.set(title=work, xlabel="seconds")
        axis.tick_params(labelleft=axis is above[0])
    for what, own in grown.groupby("what", sort=False):
        label = "{}: {:.2f} and {:.2f}".format(what, *slopes[what])
        below[0].loglog(own["value"], own["seconds"], marker="o", label=label)
        below[1].semilogx(own["value"], own["memory_mb"] / 1000, marker="o")
    below[0].set(title="these labs", xlabel="how many", ylabel="seconds")
    below[1].set(title="these labs", xlabel="how many", ylabel="most memory, GB")
    title = "grows: power in seconds and in memory"
    shown = below[0].get_legend_handles_labels()
    below[2].legend(*shown, loc="center left", frameon=False, title=title, alignment="left")
    for axis in (*above[len(works) :], below[2]):
        axis.axis("off")
    figure.tight_layout()
    return figure


def plot_map(
    cells: pd.DataFrame, measure: str, marks: dict[str, tuple[str, str, float, float]], title: str
) -> plt.Figure:
    """Heat maps of a `sweep`: one a base (rows) and loss (columns), learning rate by pairs, means over seeds.

    `marks` names points: base, loss, pairs, rate; they may lie between the cells, or just above them.
    """
    bases, losses = cells["base"].unique(), cells["loss"].unique()
    figure, axes = plt.subplots(
        len(bases), len(losses), figsize=(2.6 * len(losses), 2.4 * len(bases)), squeeze=False
    )
    for line, base in zip(axes, bases, strict=True):
        for axis, loss in zip(line, losses, strict=True):
            own = cells[(cells["base"] == base) & (cells["loss"] == loss)]
            grid = own.pivot_table(index="pairs", columns="rate", values=measure)
            _draw_grid(axis, grid)
            axis.set_title(f"{base}, {loss}", fontsize=9, loc="left")
            for sign, (on, by, pairs, rate) in marks.items():
                if (on, by) == (base, loss):
                    _mark(axis, sign, _place(grid.columns, rate), _place(grid.index, pairs))
    figure.suptitle(title)
    figure.supxlabel("learning rate")
    figure.supylabel("informative pairs")
    figure.tight_layout()
    return figure


def _draw_grid(axis: plt.Axes, grid: pd.DataFrame) -> None:
    axis.imshow(grid, vmin=0, vmax=1, cmap="viridis", origin="lower", aspect="auto")
    for row, column in np.ndindex(grid.shape):
        value = grid.iat[row, column]
        colour = "black" if value > 0.6 else "white"
        axis.text(column, row - 0.42, f"{value:.2f}", ha="center", fontsize=8, color=colour)
    axis.set_xticks(range(grid.shape[1]), [f"{rate:g}" for rate in grid.columns], fontsize=7)
    axis.set_yticks(range(grid.shape[0]), grid.index, fontsize=7)


def _mark(axis: plt.Axes, sign: str, x: float, y: float) -> None:
    box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": "#b42318"}
    style = {"ha": "center", "va": "center", "color": "#b42318", "fontsize": 8}
    axis.text(x, y + 0.2, sign, fontweight="bold", bbox=box, **style)
    axis.set_ylim(top=max(axis.get_ylim()[1], y + 0.6))


def _place(ticks: Sequence[float], value: float) -> float:
    """Where a value lies among ticks that grow by about the same factor, in units of a tick."""
    logs = np.log(np.asarray(ticks, dtype=float))
    return float(np.polyval(np.polyfit(logs, range(len(logs)), 1), np.log(value)))


class LiveHistory:
    """Prints each progress line and redraws the history while a run goes on."""

    def __init__(self, steps: int):
        self.steps = steps
        self.figure, self.axes = plt.subplots(1, 3, figsize=(11, 3.1))
        self.figure.tight_layout()
        plt.close(self.figure)  # shown through its handle only
        self.shown = None

    def __call__(self, line: str, rows: list[dict]) -> None:
        """Take one progress line and the history so far."""
        print(line, flush=True)
        draw_history(self.axes, pd.DataFrame(rows), self.steps)
        self.figure.tight_layout()
        if self.shown is None:
            self.shown = display(self.figure, display_id=True)
        else:
            self.shown.update(self.figure)


def ask_both(before: Policy, after: Policy, example: str) -> None:
    """A box that asks both policies; one printed exchange where no front end shows widgets."""
    if not any(name in os.environ for name in FRONT_ENDS):
        print(_exchange(before, after, example))
        return
    import ipywidgets

    box = ipywidgets.Text(value=example, layout={"width": "90%"})
    output = ipywidgets.Output()

    def answer(_) -> None:
        output.clear_output()
        output.append_stdout(_exchange(before, after, box.value) + "\n")

    button = ipywidgets.Button(description="Ask both")
    button.on_click(answer)
    display(ipywidgets.VBox([box, button, output]))


def _exchange(before: Policy, after: Policy, question: str) -> str:
    lines = [f"  {policy.label}: {reply(policy, question)}" for policy in (before, after)]
    return "\n".join([question, *lines])
