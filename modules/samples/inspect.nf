process SAMPLES_INSPECT {
    tag 'cohort'
    label 'small'

    input:
    path files
    path 'checks/*'

    output:
    path 'cohort.samples_inspect.json', topic: 'facts', emit: facts
    path 'cohort.capture_cells.csv', emit: capture_cells
    path 'cohort.samples_inspect.*.png', topic: 'figures', optional: true
    path 'cohort.samples_inspect.*.{svg,pdf}', optional: true

    script:
    """
    exec samples_inspect.py \\
        --files ${files} \\
        --checks checks \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    (echo 'library_id,cells,capture_cells'; tail -n +2 ${files} | cut -d, -f1 | sed 's/\$/,100,100/') > cohort.capture_cells.csv
    echo '{"step": "samples_inspect", "id": "cohort", "status": "done"}' > cohort.samples_inspect.json
    """
}
