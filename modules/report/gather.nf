// Facts of all tasks into one file that the report is drawn from; content for MultiQC and provenance beside it.
process REPORT_GATHER {
    label 'tiny'

    input:
    path facts, stageAs: 'facts/*'
    path settings
    path schema
    path workflow_json
    path main_nf

    output:
    path 'report.json', emit: content
    path 'multiqc', emit: multiqc
    path 'run/*'
    path 'ro-crate-metadata.json'

    script:
    """
    exec report_gather.py \\
        --facts facts \\
        --settings ${settings} \\
        --schema ${schema} \\
        --workflow ${workflow_json} \\
        --main-nf ${main_nf} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir multiqc run && touch run/parameters.json
    echo '{}' | tee report.json > ro-crate-metadata.json
    """
}
