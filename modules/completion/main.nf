// What a run did, in a few lines on the terminal when it ends.

def completionText() {
    def stats = workflow.stats
    def tasks = "${stats.succeedCount} tasks run, ${stats.cachedCount} results reused, ${workflow.duration}"
    if (!workflow.success) {
        def lines = ["sscite: not finished (${tasks}). The message above says why; correct it and run again with -resume, which repeats only what is missing."]
        return (lines + fullDisks() + ['Messages and what to do: docs/troubleshooting.md']).join('\n  ')
    }
    def lines = ["sscite: done (${tasks})"] + reported(file("${params.outdir}/report.json"))
    return (lines + ["Report: ${params.outdir}/report.html"]).join('\n  ')
}

// A line for each folder whose disk has less than 1 GB left: where it is full, a task may end without any message.
def fullDisks() {
    return ['work folder': workflow.workDir, '--outdir': file(params.outdir)]
        .findAll { _name, path -> path.fileSystem == java.nio.file.FileSystems.default && path.exists() && path.toFile().usableSpace < 1e9 }
        .collect { name, path -> "Little space is left on the disk of the ${name} ${path}: ${path.toFile().usableSpace.intdiv(1000000)} MB" }
}

// The cohort, findings by grade and warnings by rank, as report.json has them; nothing where it holds none.
def reported(path) {
    def content = path.exists() ? new groovy.json.JsonSlurper().parseText(path.text) : [:]
    if (!content.study) {
        return []
    }
    def findings = counted(content.findings, 'grade', ['strong', 'moderate', 'suggestive'])
    def warnings = counted(content.warnings, 'rank', ['critical', 'check', 'note'])
    def unanswered = content.unanswered ? ["Questions without an answer: ${content.unanswered.size()}"] : []
    return [content.study.sentence, "Findings: ${findings}", "Warnings: ${warnings}"] + unanswered
}

def counted(List entries, String key, List order) {
    def counts = entries.countBy { entry -> entry[key] }
    return order.findAll { name -> counts[name] }.collect { name -> "${counts[name]} ${name}" }.join(', ') ?: 'none'
}
