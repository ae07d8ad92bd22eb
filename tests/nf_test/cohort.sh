#!/usr/bin/env bash
# Make what the tests of the processes share, unless it is there, and print its folder: the files of every process of one
# run on a small simulated cohort (PROCESS/file), its sheets (given/) and the truth that was planted in it (given/truth/).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

[[ -z ${NFT_COHORT:-} ]] || { echo "$NFT_COHORT"; exit 0; }

root=$PWD
folder=$(mkdir -p "${NFT_WORKDIR:-.nf-test}/cohort" && cd "${NFT_WORKDIR:-.nf-test}/cohort" && pwd)
[[ ! -x .venv/bin/python ]] || export PATH=$root/.venv/bin:$PATH
exec 9>"$folder/lock"
flock 9
code=$(find main.nf nextflow.config bin conf modules src assets tests/nf_test -type f \
    -not -name '*.nf.test' -not -path '*/__pycache__/*' -print0 | sort -z | xargs -0 cat | sha256sum)
if [[ $(cat "$folder/code" 2>/dev/null) != "$code" ]]; then
    rm -rf "$folder/code" "$folder/given" "$folder/files"
    {
        bin/simulate_cohort.py --outdir "$folder/given" --cells 2600 --genes 700 --donors HD=4,SRC=4 --kidney 3 --lung 0 \
            --samples-per-library 12 --depth 2000 --empties 1 --seed 16
        bin/simulate_reference.py --output "$folder/given/model.pkl" --cells 32 --genes 700
        sed -i '/^SSc against/d' "$folder/given/contrasts.csv" # the same donors as SRC against healthy
        cd "$folder"
        "$root/tools/nextflow/nextflow" run "$root" -profile local -c "$root/tests/nf_test/cohort.config" -ansi-log false \
            -resume -work-dir "$folder/work" --outdir "$folder/files" --input given/samplesheet.csv \
            --contrasts given/contrasts.csv --gene_sets given/gene_sets.gmt --celltypist_model given/model.pkl \
            --min_cells_per_donor 5 --permutations 100
    } >&2
    mv "$folder/given" "$folder/files/given"
    echo "$code" >"$folder/code"
fi
echo "$folder/files"
