import groovy.json.JsonSlurper

/** The cohort that the tests of the processes share, and what they read of files. */
class Cohort {

    private static String folder

    /** A file or folder of the shared cohort: PROCESS/file, or given/file. tests/nf_test/cohort.sh makes it. */
    static synchronized String at(String name) {
        folder = System.getenv('NFT_COHORT') ?: folder ?: output('tests/nf_test/cohort.sh').trim()
        def found = new File(folder, name)
        assert found.exists()
        return found.path
    }

    /** The same as text of a Nextflow script. */
    static String input(String name) {
        return "file('${at(name)}')"
    }

    /**
     * Rows of a CSV or parquet file as maps; of an .h5mu or .h5ad file those of one part, such as obs or mod/rna/var.
     * Of a wide table only some columns.
     */
    static List<Map> rows(path, String part = '', List<String> columns = []) {
        return new JsonSlurper().parseText(output('python', 'tests/nf_test/rows.py', path.toString(), part, columns.join(',')))
    }

    /** The planted truth: rows of cells by their barcode with the library in front. */
    static Map<String, Map> truth() {
        return rows(at('given/truth/cells.parquet')).collectEntries { cell -> [cell.cell, cell] }
    }

    /** Share of the rows for which a condition holds. */
    static double share(Collection rows, Closure condition) {
        assert rows
        return rows.count(condition) / rows.size()
    }

    /** Columns of a CSV file. */
    static List<String> columns(path) {
        return new File(path.toString()).readLines().first().tokenize(',')
    }

    /** Messages of a script that refused its input; a traceback is an error of the test. */
    static List<String> refusals(List<String> stdout) {
        assert !stdout.any { line -> line.contains('Traceback') }
        return stdout.collect { line -> line.trim() }.findAll { line -> line.startsWith('error: ') }.unique()
    }

    private static String output(String... command) {
        def builder = new ProcessBuilder(command)
        builder.environment().PATH = new File('.venv/bin').absolutePath + ':' + System.getenv('PATH')
        builder.redirectError(ProcessBuilder.Redirect.INHERIT)
        def process = builder.start()
        def text = process.inputStream.text
        assert process.waitFor() == 0
        return text
    }
}
