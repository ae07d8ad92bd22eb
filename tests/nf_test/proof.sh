#!/usr/bin/env bash
# Whether the tests of the processes can fail. Runs them in a copy of the repository in which every script of bin/ is
# replaced: by exit 1, or by one that runs it and then empties its messages and files (of a table the header is kept).
# Every test must fail; one that passes is printed and ends this with exit 1. Tests of stubs, which run no script, are left out.
# Usage: tests/nf_test/proof.sh exit_1|emptied [arguments of nf-test; modules by default]
set -euo pipefail
[[ ${1:-} == exit_1 || ${1:-} == emptied ]] || { echo 'error: give exit_1 or emptied' >&2; exit 2; }
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

root=$PWD
NFT_COHORT=$(tests/nf_test/cohort.sh)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
export NFT_COHORT NFT_WORKDIR=$copy/work PATH=$root/tools/nextflow:$PATH
git ls-files -co --exclude-standard -z | xargs -0 cp --parents -t "$copy"
[[ ! -e .venv ]] || ln -s "$root/.venv" "$copy/.venv"
cd "$copy"

case $1 in
    exit_1) text=$'#!/usr/bin/env bash\nexit 1' ;;
    emptied) text='#!/usr/bin/env bash
status=0
SCRIPT "$@" >/dev/null 2>&1 || status=$?
find . -type f -not -name ".*" -name "*.csv" -exec sed -i -n 1p {} +
find . -type f -not -name ".*" -not -name "*.csv" -exec truncate -s 0 {} +
exit $status' ;;
esac
for script in bin/*.py; do
    [[ $script == bin/simulate_* ]] || printf '%s\n' "${text//SCRIPT/$root/$script}" >"$script"
done

python - <<'PYTHON'
import re
from pathlib import Path

for path in Path("modules").glob("*/tests/*.nf.test"):
    path.write_text(re.sub(r"\n    test\('[^\n]* - stub'\) \{\n.*?\n    \}\n", "\n", path.read_text(), flags=re.DOTALL))
PYTHON

nf-test test "${@:2}" $([[ -n ${2:-} ]] || echo modules) --csv "$copy/tests.csv" >"$copy/log" 2>&1 || true
python - "$1" "$copy/tests.csv" <<'PYTHON'
import csv, sys

rows = list(csv.DictReader(open(sys.argv[2])))
passed = [row for row in rows if row["result"].upper() in {"PASSED", "TRUE"}]
print(f"{sys.argv[1]}: {len(passed)} pass, {len(rows) - len(passed)} fail")
for row in passed:
    print(f"  passes and should not: {row.get('suite') or row.get('filename')}: {row['test']}")
sys.exit(bool(passed) or not rows)
PYTHON
