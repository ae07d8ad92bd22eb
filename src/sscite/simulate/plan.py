"""Who is sampled, where and with which covariates; how strong the planted effects are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

STUDY_GROUPS = {"HD": 6, "SSc": 7, "ILD": 10, "SRC": 4}
GROUPS = tuple(STUDY_GROUPS)
COLUMNS = [
    "library", "sample", "donor", "tissue", "hashtag", "disease", "group", "SRC", "ILD", "age", "sex", "antibody",
    "stage",
]  # fmt: skip
BOTH = 0.5  # share of the renal crisis donors who have lung disease too, as two of four in the study
EFFECTS = {
    "src_egr1": "finding 1: CD14_EGR1 in renal crisis, fold of its proportion in blood",
    "nfkb": "finding 2: NF-kB targets in CD14_EGR1 cells, fold of expression",
    "kidney_thbs1": "finding 3: THBS1_Mac in kidney, from none (1) to its full share (3)",
    "stage_egr1": "finding 4: EGR1 in monocytes at the onset of renal crisis, fold of expression",
    "ild_t2isg": "finding 5: CD8_TEM_T2ISG in lung disease, fold of its proportion in blood and lung",
    "disease": "finding 6: subsets that differ in disease and organ groups, fold of proportion, its square root each",
}


def folds(effect: float | Mapping[str, float] = 3.0) -> dict[str, float]:
    """Return the fold change of each planted finding.

    Parameters
    ----------
    effect
        One fold change for all findings, or a mapping of some of `EFFECTS` (the others are then absent). 0 and 1: none.

    Raises
    ------
    ValueError
        A name that is not in `EFFECTS`, or a negative number.
    """
    given = dict.fromkeys(EFFECTS, effect) if isinstance(effect, int | float) else dict(effect)
    unknown = sorted(set(given) - set(EFFECTS))
    if unknown or min(given.values(), default=0) < 0:
        raise ValueError(f"effects are {', '.join(EFFECTS)}, each at least 0; got {given}")
    return {name: float(given.get(name, 1) or 1) for name in EFFECTS}


def design(
    groups: Mapping[str, int] | None = None,
    *,
    kidney: int = 0,
    lung: int = 0,
    stages: bool = False,
    samples_per_library: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw the samples of a cohort and their covariates.

    Parameters
    ----------
    groups
        Donors by group, of HD (healthy), SSc (neither organ), ILD (lung disease), SRC (renal crisis). Default: the
        study's 6 / 7 / 10 / 4. Half of the SRC donors (rounded down) have lung disease too, as in the study.
    kidney, lung
        Kidney biopsies of the first SRC donors; lung samples of the first ILD donors. At most one a donor.
    stages
        Sample the first SRC donor's blood before and after the crisis too. These two samples carry `stage` and no
        `group`, `SRC` and `ILD` (empty), so that they enter no contrast of groups.
    samples_per_library
        Samples hashed together; groups are dealt over the blood libraries in turn. The last of several kidney samples
        is alone in its library, unhashed.
    seed
        Of ages, sexes and antibodies.

    Returns
    -------
    pandas.DataFrame
        A row per sample, text columns `library sample donor tissue hashtag disease group SRC ILD sex antibody stage`
        and the number `age`. `SRC` and `ILD` are yes, no, or HD for healthy donors. `hashtag` is empty in an
        unhashed library.
    """
    groups = dict(STUDY_GROUPS if groups is None else groups)
    if set(groups) - set(GROUPS) or kidney > groups.get("SRC", 0) or lung > groups.get("ILD", 0):
        raise ValueError(f"groups {groups}, kidney {kidney}, lung {lung}: groups are {', '.join(GROUPS)}; "
                         "kidney at most the SRC donors, lung at most the ILD donors")  # fmt: skip
    donors = _donors(groups, np.random.default_rng([seed, 1]))
    blood = donors.assign(tissue="blood", stage="")
    src, ild = donors[donors["group"] == "SRC"], donors[donors["group"] == "ILD"]
    if stages and len(src):
        blood.loc[src.index[0], "stage"] = "onset"
        staged = [src.iloc[[0]].assign(tissue="blood", stage=s, group="", SRC="", ILD="") for s in ("before", "after")]
        blood = pd.concat([blood, *staged])
    tissues = [src.head(kidney).assign(tissue="kidney", stage=""), ild.head(lung).assign(tissue="lung", stage="")]
    parts = [_with_libraries(part, samples_per_library) for part in [blood, *tissues] if len(part)]
    samples = pd.concat(parts, ignore_index=True)
    stage = samples["stage"].where(samples["stage"].isin(["before", "after"]), "")
    samples["sample"] = samples["donor"] + "_" + samples["tissue"] + stage.where(stage == "", "_" + stage)
    return samples[COLUMNS]


def _donors(groups: Mapping[str, int], rng: np.random.Generator) -> pd.DataFrame:
    """Draw a row per donor; all SRC donors carry anti-RNA-polymerase III (ARA), as in the study."""
    group = np.repeat(list(groups), list(groups.values()))
    both = int(groups.get("SRC", 0) * BOTH)
    with_ild = (group == "ILD") | ((group == "SRC") & (np.arange(len(group)) - np.argmax(group == "SRC") < both))
    healthy = group == "HD"
    antibody = np.where(group == "SRC", "ARA", rng.choice(["ARA", "ATA", "ACA"], len(group), p=[0.3, 0.4, 0.3]))
    number = pd.Series(group).groupby(group).cumcount() + 1
    return pd.DataFrame({
        "donor": [f"{name}{n:02d}" for name, n in zip(group, number, strict=True)],
        "disease": np.where(healthy, "HD", "SSc"),
        "group": group,
        "SRC": np.where(healthy, "HD", np.where(group == "SRC", "yes", "no")),
        "ILD": np.where(healthy, "HD", np.where(with_ild, "yes", "no")),
        "age": rng.normal(64, 10, len(group)).round().clip(30, 90).astype(int),
        "sex": rng.choice(["female", "male"], len(group), p=[0.75, 0.25]),
        "antibody": np.where(healthy, "none", antibody),
    })  # fmt: skip


def _with_libraries(samples: pd.DataFrame, per_library: int) -> pd.DataFrame:
    """Deal the samples of one tissue to libraries in turn, and give each a hashtag where several share a library."""
    tissue = samples["tissue"].iloc[0]
    alone = int(tissue == "kidney" and len(samples) > 2)
    pooled = len(samples) - alone
    count = -(-pooled // per_library)
    number = np.append(np.arange(pooled) % count, np.full(alone, count)) + 1
    library = pd.Series([f"{tissue}_{n}" for n in number], index=samples.index)
    position = library.groupby(library.to_numpy()).cumcount() + 1
    size = library.map(library.value_counts())
    hashtag = ("Hashtag_" + position.astype(str)).where(size > 1, "")
    return samples.assign(library=library, hashtag=hashtag)
