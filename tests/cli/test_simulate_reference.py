"""bin/simulate_reference.py: done. It has no input of the user's to refuse but its options."""


def test_it_writes_a_model_that_celltypist_loads(script, tmp_path):
    done = script("simulate_reference.py", "--output", "model.pkl", "--cells", 16, "--genes", 600)
    assert done.returncode == 0, done.stderr
    from celltypist.models import Model

    model = Model.load(str(tmp_path / "model.pkl"))
    assert {"Classical monocytes", "Tem/Trm cytotoxic T cells", "AT2"} <= set(model.cell_types)
