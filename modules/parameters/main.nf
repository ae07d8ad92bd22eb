// Parameters as nextflow_schema.json declares them: the help text, and the check before any task.

def groups() {
    def schema = new groovy.json.JsonSlurper().parse(file("${projectDir}/nextflow_schema.json").toFile())
    return schema['$defs'].values()
}

// A text as one word of a shell command: small tables reach a task as text, so that -resume goes by their content.
def quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'"
}

def helpText() {
    def lines = groups().collectMany { group ->
        ["\n${group.title}"] + group.properties.collect { name, rule ->
            def value = rule.containsKey('default') ? " [${rule['default']}]" : ''
            "  --${name.padRight(26)}${rule.description}${rule['enum'] ? ' (' + rule['enum'].join(', ') + ')' : ''}${value}"
        }
    }
    return "Usage: nextflow run . -profile local --input samplesheet.csv --outdir results\n${lines.join('\n')}\n"
}

def problemWith(String name, value, Map rule) {
    def numeric = value instanceof Number || (value instanceof CharSequence && value.toString().isNumber())
    if (rule.type == 'integer' && !(numeric && value.toString().isInteger())) {
        return "--${name} is '${value}': a whole number is needed"
    }
    if (rule.type == 'number' && !numeric) {
        return "--${name} is '${value}': a number is needed"
    }
    if (rule.type == 'boolean' && !(value.toString() in ['true', 'false'])) {
        return "--${name} is '${value}': true or false is needed"
    }
    if (rule.type == 'string' && !rule.format?.endsWith('path') && value.toString() =~ /['"`$\\\n]/) {
        return "--${name} is ${value}: quotes, backslashes, dollar signs and line breaks are not allowed in it"
    }
    if (rule['enum'] && !(value.toString() in rule['enum'])) {
        return "--${name} is '${value}': choose one of ${rule['enum'].join(', ')}"
    }
    if (rule.minimum != null && value.toString().toBigDecimal() < rule.minimum) {
        return "--${name} is ${value}: at least ${rule.minimum} is needed"
    }
    if (rule.maximum != null && value.toString().toBigDecimal() > rule.maximum) {
        return "--${name} is ${value}: at most ${rule.maximum} is allowed"
    }
    return null
}

def checkParameters() {
    def rules = groups().collectEntries { group -> group.properties }
    // Nextflow gives --a-b as a-b and aB both: one complaint is enough; nf-test adds a parameter of its own
    def given = params.findAll { name, _value -> !name.contains('-') && !(name == 'nf_test_output') }
    def problems = given.keySet().findAll { name -> !rules.containsKey(name) }.collect { name ->
        "unknown parameter --${name}${advice(snakeCase(name), rules.keySet())} (--help lists all)"
    }
    problems += given.findAll { name, value -> rules.containsKey(name) && value != null }
        .collect { name, value -> problemWith(name, value, rules[name]) }
        .findAll { problem -> problem }
    if (!params.input) {
        problems << 'no samplesheet: give --input samplesheet.csv (docs/samplesheet.md tells its columns)'
    }
    else if (pathProblem(file(params.input))) {
        problems << "--input ${params.input}: ${pathProblem(file(params.input))}"
    }
    def clouds = workflow.profile.tokenize(',').findAll { name -> name in ['awsbatch', 'googlebatch', 'k8s'] }
    if (clouds && !params.image.contains('/')) {
        problems << "--image ${params.image}: ${clouds.join(', ')} pulls the image from a registry; push it there and give its whole name, such as --image registry/name/sscite:tag (docs/platforms.md)"
    }
    def species = files("${projectDir}/assets/genes/*", type: 'dir').collect { folder -> folder.name }.sort()
    if (!(params.species in species)) {
        problems << "--species is '${params.species}': there are no gene lists of it; choose one of ${species.join(', ')}"
    }
    if (problems) {
        exit(2, problems.collect { problem -> "error: ${problem}" }.join('\n'))
    }
}

// Why a file cannot be read, or null: one that does not exist is not one whose host does not answer.
def pathProblem(java.nio.file.Path path) {
    try {
        def uri = path.toUri()
        if (!(uri.scheme in ['http', 'https'])) {
            path.fileSystem.provider().checkAccess(path)
            return null
        }
        def code = uri.toURL().openConnection().responseCode
        return code < 400 ? null : code in [404, 410] ? 'no such file or folder' : "cannot be reached (HTTP status ${code}); check the address and your credentials"
    }
    catch (java.nio.file.NoSuchFileException | FileNotFoundException _absent) {
        return 'no such file or folder'
    }
    catch (Exception error) {
        return "cannot be reached (${error.class.simpleName}: ${error.message}); check the address, the network and your credentials"
    }
}

// What to give in place of an unknown parameter: what does the same elsewhere, or the most similar names.
def advice(String name, Collection known) {
    def elsewhere = [
        max_cpus: 'limits are process.resourceLimits in a file given by -c',
        max_memory: 'limits are process.resourceLimits in a file given by -c',
        max_time: 'limits are process.resourceLimits in a file given by -c',
        email: 'Nextflow sends an e-mail with -N address',
    ]
    if (elsewhere[name]) {
        return ": ${elsewhere[name]} (docs/platforms.md)"
    }
    def distances = known.collectEntries { other -> [other, distance(name, other)] }
    def near = distances.findAll { _other, edits -> edits == distances.values().min() && edits <= Math.max(1, name.size().intdiv(4)) }
    return near ? "; did you mean --${near.keySet().join(' or --')}?" : ''
}

// Letters to insert, remove or replace to turn one word into the other (Levenshtein).
def distance(String a, String b) {
    def first = (0..b.size()).toList()
    def last = a.toList().inject(first) { row, letter ->
        b.toList().withIndex().inject([row[0] + 1]) { made, pair ->
            made + [[made[-1] + 1, row[pair[1] + 1] + 1, row[pair[1]] + (letter == pair[0] ? 0 : 1)].min()]
        }
    }
    return last[-1]
}

def snakeCase(String name) {
    return name.replaceAll(/([a-z0-9])([A-Z])/) { all -> "${all[1]}_${all[2].toLowerCase()}" }
}

// Refuse an --outdir that cannot be written, and one that another run writes to: a lock that ends with this process.
def claimOutdir() {
    if (params.outdir.toString().contains('://')) {
        return
    }
    def note = file("${params.outdir}/run/.in_use").toFile()
    def lock = null
    try {
        note.parentFile.mkdirs()
        lock = new RandomAccessFile(note, 'rw').channel.tryLock()
    }
    catch (IOException problem) {
        exit(2, "error: --outdir ${params.outdir}: cannot be written (${problem.message}); choose a folder that you may write to")
    }
    if (!lock) {
        exit(2, "error: --outdir ${params.outdir}: the run ${note.text} is writing to it; wait for it, or choose another folder")
    }
    // through the channel of the lock: closing another handle of the file would end it
    def run = "'${workflow.runName}' (started ${workflow.start} in ${workflow.launchDir})"
    lock.channel().truncate(0).write(java.nio.ByteBuffer.wrap(run.getBytes('UTF-8')))
    workflow.onComplete {
        lock.release()
        note.delete()
    }
}
