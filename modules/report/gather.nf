// Facts and figures of all tasks into one file that the report is drawn from; tables for MultiQC beside it.
process REPORT_GATHER {
    label 'tiny'

    input:
    path facts, stageAs: 'facts/*'
    path figures, stageAs: 'figures/*'
    path settings

    output:
    path 'report_data.json', emit: content
    path 'multiqc', emit: multiqc
    path 'run/*', emit: run

    script:
    """
    report_gather.py \\
        --facts facts \\
        --figures figures \\
        --settings ${settings}
    """

    stub:
    """
    mkdir multiqc run && touch run/parameters.json
    echo '{}' > report_data.json
    """
}
