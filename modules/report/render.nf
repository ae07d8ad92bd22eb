// The report as one HTML file that needs no network; with many libraries, a page for each beside it.
process REPORT_RENDER {
    label 'tiny'

    input:
    path content
    path figures, stageAs: 'figures/*'
    path cells

    output:
    path 'report.html', emit: html
    path 'report_pages', optional: true

    script:
    """
    exec report_render.py \\
        --content ${content} \\
        --figures figures \\
        --cells ${cells} \\
        --output report.html \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch report.html
    """
}
