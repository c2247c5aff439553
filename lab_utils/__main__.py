"""The command line: `python -m lab_utils train | ask | evaluate | diagnose | doctor | lab | reproduce | regenerate`."""

import argparse
import sys
from pathlib import Path

import torch

from lab_utils.workspace import LabError, start, write_rows


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="python -m lab_utils", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="recipe -> run folder")
    train.add_argument("--recipe", required=True, help="a TOML file, or a name of data/recipes")
    train.add_argument("--model", help="embedded name, Hub id or folder, in place of the recipe's")
    train.add_argument("--pairs", help="a JSONL file, in place of the recipe's")
    train.add_argument("--seed", type=int)
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    train.add_argument("--out", required=True, type=Path, help="the run folder to make")
    train.add_argument(
        "--guard", action="store_true", help="stop before damage and go back to the best policy"
    )
    ask = commands.add_parser("ask", help="answers of a model to a file of prompts")
    ask.add_argument("--model", required=True)
    ask.add_argument(
        "--prompts", required=True, type=Path, help="one prompt a line, or JSONL with `text`"
    )
    ask.add_argument(
        "--out", required=True, type=Path, help="JSONL: prompt, answer, identity (and system)"
    )
    ask.add_argument(
        "--system", type=_text, help="system message; without it the model's template decides"
    )
    ask.add_argument("--temperature", type=float, default=0.0)
    evaluate = commands.add_parser("evaluate", help="before/after of a run, from reloaded weights")
    evaluate.add_argument("--run", required=True, type=Path)
    evaluate.add_argument(
        "--prompts", type=Path, help="prompts of yours, in place of the held-out ones"
    )
    diagnose = commands.add_parser("diagnose", help="why a run did not come out as hoped")
    diagnose.add_argument("run", type=Path, help="a run folder, or what TRL left of one")
    diagnose.add_argument(
        "--base", help="the model before training, in place of what the folder says"
    )
    commands.add_parser("doctor", help="versions, changed defaults, device, switches")
    lab = commands.add_parser("lab", help="the core labs, headless")
    lab.add_argument("--model", help="the MODEL parameter of the labs")
    lab.add_argument("--recipe", help="the RECIPE parameter of labs 3 and 4")
    reproduce = commands.add_parser("reproduce", help="the core result once a seed")
    reproduce.add_argument("--seeds", type=int, nargs="+", default=range(10))
    commands.add_parser("regenerate", help="rewrite the stored outputs of the labs")
    return top


def _text(value: str) -> str:
    """The value itself; argparse.ArgumentTypeError where the shell gave bytes that are not UTF-8."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("not UTF-8") from None
    return value


def train(args: argparse.Namespace) -> None:
    """Train by a recipe into a new run folder."""
    from lab_utils import training
    from lab_utils.evaluation import Probe
    from lab_utils.models import EMBEDDED, find_folder
    from lab_utils.recipes import load_recipe, parse_settings
    from lab_utils.runs import require_new

    given = {"model": args.model, "pairs": args.pairs, "seed": args.seed}
    given = {k: v for k, v in given.items() if v is not None}
    settings = parse_settings(args.settings)
    if twice := given.keys() & settings:
        raise LabError(
            f"{', '.join(sorted(twice))}: given twice, by an option and by --set; give one."
        )
    recipe = load_recipe(args.recipe, **given, **settings)
    print(start(recipe.seed))
    require_new(args.out)
    rows = training.recipe_pairs(recipe)
    probe = Probe(rows) if find_folder(recipe.model).resolve().parent == EMBEDDED else None
    training.train(recipe, rows, args.out, probe, guarded=args.guard)
    print(f"Run: {args.out}")


def ask(args: argparse.Namespace) -> None:
    """Write one answer row a prompt."""
    from lab_utils.chat import WHOLE, messages, replies
    from lab_utils.identity import classify
    from lab_utils.models import load_model
    from lab_utils.prompts import read_prompts

    prompts = read_prompts(args.prompts)
    if (args.out.exists() and not args.out.is_file()) or (
        args.out.parent.exists() and not args.out.parent.is_dir()
    ):
        raise LabError(
            f"{args.out}: a folder, a device, or below a file; name the file that is to hold the answers."
        )
    policy = load_model(args.model)
    asked = [messages(p.text, args.system) for p in prompts]
    answers = replies(policy, asked, args.temperature, max_new_tokens=WHOLE)
    told = {} if args.system is None else {"system": args.system}
    rows = [
        {"prompt": p.text, "answer": a, "identity": classify(a)} | told
        for p, a in zip(prompts, answers, strict=True)
    ]
    write_rows(args.out, rows)
    print(f"{len(rows)} answers: {args.out}")


def evaluate(args: argparse.Namespace) -> None:
    """Evaluate a run on the held-out prompts, or count identities on prompts of the user's."""
    from lab_utils import charts, evaluation
    from lab_utils.models import load_model
    from lab_utils.prompts import read_prompts
    from lab_utils.runs import check_base, load_run

    run = load_run(args.run)
    if args.prompts is None:
        report = evaluation.evaluate(run, progress=print)
        print(charts.before_after_table(report).to_string(), f"\n{report['verdict']}")
        return
    prompts = read_prompts(args.prompts)
    base = load_model(run.recipe.model)
    check_base(run.folder, base)
    for policy in (base, run.policy()):
        rows = evaluation.ask(policy, prompts)
        counts = {c: sum(evaluation.says(c)(r) for r in rows) for c in evaluation.CLASSES}
        print(policy.label, {c: n for c, n in counts.items() if n})


def diagnose(args: argparse.Namespace) -> int:
    """Print the ranked causes with evidence and the next thing to do; 1 where the run is not healthy."""
    from lab_utils import diagnosis

    findings, _ = diagnosis.diagnose(args.run, args.base, say=print)
    for number, finding in enumerate(findings, 1):
        print(f"{number}. {finding.cause} ({finding.strength:.2f}): {finding.evidence}.")
        print(f"   Next: {finding.todo}.")
    return 0 if findings[0].cause == diagnosis.HEALTHY else 1


def doctor(args: argparse.Namespace) -> int:
    """Print the environment and what to do about it; 1 where it is not the one that was tested."""
    from lab_utils.doctor import examine

    return examine()


def lab(args: argparse.Namespace) -> int:
    """Run the core labs; the exit status says whether the result reproduced."""
    from lab_utils.labs import run_core

    given = {"MODEL": args.model, "RECIPE": args.recipe}
    return run_core(**{name: value for name, value in given.items() if value})


def reproduce(args: argparse.Namespace) -> int:
    """Train and evaluate once a seed; the exit status says whether all reproduced."""
    from lab_utils import labs

    return labs.reproduce(args.seeds)


def regenerate(args: argparse.Namespace) -> None:
    """Rewrite the stored outputs of the labs."""
    from lab_utils import labs

    labs.regenerate()


def main(argv: list[str] | None = None) -> int:
    """Run one command; a mistake that a person can mend is one sentence and exit status 2."""
    args = parser().parse_args(argv)
    try:
        if args.command in ("ask", "evaluate", "diagnose", "reproduce"):
            print(start())
        return globals()[args.command](args) or 0
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:  # of a file that nothing above has named
        print(f"error: {error.filename or 'a file'}: {error.strerror or error}.", file=sys.stderr)
    except torch.OutOfMemoryError:
        print(
            "error: the GPU's memory is full; lower batch_size, or free the GPU.", file=sys.stderr
        )
    return 2


if __name__ == "__main__":
    sys.exit(main())
