process SAMPLES_VALIDATE {
    tag 'cohort'
    label 'tiny'

    input:
    path samplesheet, stageAs: 'samplesheet.csv'
    path contrasts, stageAs: 'given/contrasts.csv'
    path subsets, stageAs: 'given/subsets.yaml'

    output:
    path 'samples.csv', emit: samples
    path 'identity.csv'
    path 'files.csv', emit: files
    path 'files.json', emit: libraries
    path 'rows/*.csv', emit: rows
    path 'libraries/*.json', emit: each_library
    path 'contrasts.csv', emit: contrasts
    path 'contrasts/*.csv', emit: each_contrast
    path 'subsets.yaml', emit: subsets, optional: true
    path 'lineages.yaml', emit: lineages, optional: true
    path 'covariates.csv'
    path 'cohort.samples_validate.json', topic: 'facts'
    path 'cohort.samples_validate.*.png', topic: 'figures', optional: true
    path 'cohort.samples_validate.*.{svg,pdf}', optional: true

    script:
    """
    exec samples_validate.py \\
        --samplesheet samplesheet.csv \\
        ${contrasts ? '--contrasts given/contrasts.csv' : ''} \\
        ${subsets ? '--subsets given/subsets.yaml' : ''} \\
        --reference-tissue '${params.reference_tissue}' \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    exec samples_validate.py \\
        --samplesheet samplesheet.csv \\
        ${contrasts ? '--contrasts given/contrasts.csv' : ''} \\
        ${subsets ? '--subsets given/subsets.yaml' : ''} \\
        --reference-tissue '${params.reference_tissue}'
    """
}
