// Cells of the finished cohort, packed for the interactive maps of the report.
process REPORT_EXPLORE {
    label 'small'

    input:
    path cells
    path cohort
    path subsets

    output:
    path 'explore.json', emit: cells

    script:
    """
    exec report_explore.py \\
        --cells ${cells} \\
        --cohort ${cohort} \\
        --subsets ${subsets} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch explore.json
    """
}
