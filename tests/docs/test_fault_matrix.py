"""The fault matrix in the docs is what the contracts did in this run."""

from tools import fault_matrix


def test_the_document_says_what_the_matrix_found():
    fault_matrix.run()
    assert fault_matrix.DOCUMENT.read_text("utf-8") == fault_matrix.render(fault_matrix.found()), (
        "run make fault-matrix"
    )


def test_every_cell_is_a_price_within_its_bounds_or_a_declared_pause():
    matrix = fault_matrix.found()
    cells = [cell for shape in fault_matrix.SHAPES for cell in matrix[shape]]
    assert len(cells) == 4 * len(matrix["primary"])
    assert all(len(cell["verdicts"]) == len(fault_matrix.STAGES) for cell in cells)
