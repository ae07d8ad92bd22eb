// The report as one HTML file that needs no network.
process REPORT_RENDER {
    label 'tiny'

    input:
    path content

    output:
    path 'report.html', emit: html

    script:
    """
    report_render.py \\
        --content ${content} \\
        --output report.html
    """

    stub:
    """
    touch report.html
    """
}
