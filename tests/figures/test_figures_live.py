"""Live figures without a browser: what moves, what it says, what happens when something goes wrong."""

import asyncio
import io

import numpy as np
import pytest
from downslope import figures
from downslope.figures.controls import control
from downslope.figures.motion import Follower
from downslope.figures.outputs import VIEW
from downslope.figures.stage import Stage
from downslope.figures.style import pen
from downslope.optim import Momentum, Nesterov, surfaces, trajectory
from PIL import Image

GALLERY = sorted(name for name in figures.__all__ if name.startswith("live_"))


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def line(a=1.0, b=0.5):
    return {"line": np.array([[0.0, b], [1.0, a + b]])}


def make(**more):
    figure = figures.series([0.0, 2.0], ylabel="y")
    return figures.live(line, figure, a=(0.0, 2.0, 0.1), b=(0.0, 1.0), **more)


# The whole gallery ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gallery():
    made = {}

    def one(name):
        if name not in made:
            made[name] = getattr(figures, name)()
        return made[name]

    return one


@pytest.mark.parametrize("name", GALLERY)
def test_every_position_of_every_slider_draws_and_says_something(gallery, name):
    live = gallery(name)
    start, told, shown = live.values, set(), set()
    for values in live.grid(2 if name in ("live_network", "live_race") else 3):
        live.set(**values)
        shown.add(live.frame())
        told.add(live.alt)
        assert "nan" not in live.alt
        assert "{" not in live.alt
    assert len(told) > 3
    assert len(shown) > 3
    live.set(**start)


@pytest.mark.parametrize("name", GALLERY)
def test_coming_back_shows_the_first_picture_again(gallery, name):
    live = gallery(name)
    first, start = live.frame(), live.values
    live.set(**next(live.grid(2)))
    live.set(**start)
    assert live.frame() == first


@pytest.mark.parametrize("name", GALLERY)
def test_what_moves_is_drawn_as_if_everything_were_drawn(gallery, name):
    """The picture over the kept background is the picture that a full draw gives."""
    live = gallery(name)
    live.set(**list(live.grid(2))[-1])
    stage = live._stage()
    quick = stage.pixels(live._shown)[..., :3].astype(int)
    for artist in stage._artists():
        artist.set_animated(False)
    try:
        full = live.figure.pixels().astype(int)
    finally:
        for artist in stage._artists():
            artist.set_animated(True)
    assert np.abs(quick - full).mean() < 0.5  # what stands still above what moves is the only difference
    live.set(**{key: c.value for key, c in live.controls.items()})


@pytest.fixture
def dark_slide():
    figures.use(look="dark", size="slide")
    yield
    figures.use(look="light", size="page")


@pytest.mark.parametrize("name", GALLERY)
def test_in_the_dark_and_on_a_slide_nothing_is_cut_off(dark_slide, name):
    live = getattr(figures, name)()
    frame = pixels(live.frame())
    assert frame.shape[1] == 960
    assert (frame[0, 0] == [0x16, 0x17, 0x1A]).all()
    assert (frame < 60).all(axis=2).mean() > 0.2, "dark"
    width, height = live.figure.bbox.size
    for axes in live.figure.axes:
        parts = [*axes.texts, axes._left_title, axes.xaxis.label, axes.yaxis.label]
        for text in (part for part in parts if part.get_text() and part.get_visible()):
            box = text.get_window_extent()
            assert box.x0 > -1, text
            assert box.y0 > -1, text
            assert box.x1 < width + 1, text
            assert box.y1 < height + 1, text


def test_the_quick_colours_are_the_true_ones(gallery):
    live = gallery("live_ravine")
    stage = live._stage()
    true = stage.pixels(live._shown)[..., :3].astype(int)
    assert np.abs(pixels(live.frame()) - true).mean() < 0.5
    assert (pixels(live.frame())[0, 0] == 255).all()


def test_the_gates_show_the_gradients_of_lesson_2(gallery):
    live = gallery("live_gates")
    live.set(x=1, y=2, z=0)
    texts = {a.get_gid(): a.get_text() for a in live.figure.axes[0].texts if a.get_gid()}
    assert [texts[f"grad:{name}"] for name in "xyz"] == ["2", "5", "0"]


def test_adam_with_all_its_parts_is_adam():
    from downslope.figures.live_paths import adam_path
    from downslope.optim import Adam

    beale = surfaces.beale
    ours = adam_path(beale.gradient, beale.start, 50, 0.1)
    assert np.allclose(ours, trajectory(Adam(0.1), beale.gradient, beale.start, 50), rtol=1e-12)


def test_without_correction_adams_first_step_is_3_16_times_too_large(gallery):
    live = gallery("live_adam")
    live.set(correction=False)
    assert "3.16 times the learning rate" in live.alt
    live.set(correction=True)
    assert " 1 times the learning rate" in live.alt


def test_nesterovs_points_ahead_are_the_shifted_path(gallery):
    live = gallery("live_nesterov")
    for values in live.grid(3):
        live.set(**values)
        ahead, shifted = live._shown["ahead:look-ahead"], live._shown["shifted"]
        assert np.allclose(ahead, shifted, rtol=1e-9, atol=1e-9)
    valley = surfaces.ravine(20)
    path = trajectory(Nesterov(live.values["lr"], live.values["momentum"]), valley.gradient, valley.start, 25)
    assert np.array_equal(live._shown["shifted"], path)


def test_both_forms_of_nesterov_have_its_colour_and_marker_and_differ_in_the_dash(gallery):
    ahead, shifted = (gallery("live_nesterov")._stage().moving[form] for form in ("look-ahead", "shifted"))
    nesterov = pen("Nesterov")
    for line in (ahead, shifted):
        assert (line.get_color(), line.get_marker()) == (nesterov.color, nesterov.marker)
    assert ahead.get_linestyle() != shifted.get_linestyle()


def test_a_click_on_the_map_sets_both_sliders_to_the_place_clicked(gallery):
    live = gallery("live_convergence")
    axes = live.figure.axes[0]
    width, height = live.figure.bbox.size
    x, y = axes.transData.transform((1.5, 0.25))
    live.clicked(x / width, 1 - y / height)
    assert live.values == pytest.approx({"lr": 1.5, "momentum": 0.25})
    live.clicked(0.999, 0.001)  # outside the axes: the nearest that there is
    assert live.values == {"lr": 4.0, "momentum": 1.0}


# One class ------------------------------------------------------------------------------------------------------------


def test_sliders_start_at_the_functions_defaults():
    assert make().values == {"a": 1.0, "b": 0.5}


def test_setting_moves_the_line_and_the_picture():
    live = make()
    before = live.frame()
    live.set(a=2.0)
    (artist,) = live.figure.findobj(match=lambda found: found.get_gid() == "line")
    assert np.array_equal(artist.get_data(), ([0.0, 1.0], [0.5, 2.5]))
    assert live.frame() != before


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": 3.0}, "a must be from 0.0 to 2.0, got 3.0"),
        ({"a": "x"}, "a must be a number from 0.0 to 2.0, got 'x'"),
        ({"a": float("nan")}, "a must be a number"),
        ({"c": 1.0}, "c is not a slider of this figure; it has a, b"),
    ],
)
def test_a_value_that_a_slider_does_not_have_is_refused_and_nothing_moves(values, message):
    live = make()
    with pytest.raises(ValueError, match=message):
        live.set(b=0.1, **values)
    assert live.values == {"a": 1.0, "b": 0.5}


def test_an_error_in_the_function_is_raised_and_nothing_moves():
    live = make()
    before = live.frame()
    live.function = lambda a, b: {"line": [[0, 1 / (a - 2)]]}
    with pytest.raises(ZeroDivisionError):
        live.set(a=2.0)
    assert live.values == {"a": 1.0, "b": 0.5}
    assert live.frame() == before


def test_data_that_cannot_be_drawn_is_raised_and_nothing_moves():
    live = make()
    before = live.frame()
    live.function = lambda a, b: {"line": [[0, 1, 2]]}
    with pytest.raises(ValueError, match="reshape"):
        live.set(a=2.0)
    assert live.values == {"a": 1.0, "b": 0.5}
    assert live.frame() == before


def test_a_name_that_is_left_out_is_hidden():
    live = figures.live(
        lambda on=True: {"one": [[0, 0], [1, 1]], **({"two": [[0, 1], [1, 0]]} if on else {})},
        figures.series([0.0, 1.0]), on=True,
    )  # fmt: skip
    both = live.frame()
    live.set(on=False)
    assert live.frame() != both
    live.set(on=True)
    assert live.frame() == both


def test_images_stairs_collections_and_texts_move_too():
    with figures.style.drawing():
        figure = figures.series([0.0, 1.0])
        axes = figure.axes[0]
        axes.imshow(np.zeros((2, 2)), vmin=0, vmax=1, gid="image", extent=(0, 1, 0, 1))
        axes.stairs([0, 0], [0, 1, 2], gid="bars")
        axes.vlines([0.0], 0, 1, gid="lines")
        axes.scatter([0], [0], gid="dots")
        axes.text(0, 0, "", gid="text")
    shown = {"image": np.eye(2), "bars": [1, 2], "lines": [[(0, 0), (1, 1)]], "dots": [(1, 1)], "text": (0.5, 0.5, "a")}
    stage = Stage(figure, shown)
    assert stage.pixels(shown).std() > 0
    assert stage.moving["text"].get_text() == "a"
    assert stage.moving["dots"].get_offsets().tolist() == [[1, 1]]


def test_what_cannot_move_is_named():
    figure = figures.series([0.0, 1.0])
    figure.axes[0].spines["left"].set_gid("spine")
    with pytest.raises(TypeError, match="a Spine cannot move"):
        Stage(figure, {"spine": [1]})


def test_each_ground_is_made_once():
    made = []

    def on(which):
        made.append(which)
        return figures.series([0.0, 1.0 if which == "low" else 5.0])

    live = figures.live(lambda which="low": {"line": [[0, 0], [1, 1]]}, on, which=["low", "high"])
    low = live.frame()
    for which in ("high", "low", "high", "low"):
        live.set(which=which)
    assert made == ["low", "high"]
    assert live.frame() == low


@pytest.mark.parametrize(
    ("given", "kind"),
    [((0, 5), "Slider"), ((0.0, 1.0, 0.1), "Slider"), (["a", "b"], "Choice"), (True, "Switch")],
)
def test_short_forms_of_sliders(given, kind):
    assert type(control("name", given)).__name__ == kind


def test_bad_sliders_are_named():
    with pytest.raises(ValueError, match="low must be below high, got low = 1 and high = 0"):
        figures.Slider(1, 0)
    with pytest.raises(ValueError, match="positive on a logarithmic slider"):
        figures.Slider(0, 1, log=True)
    with pytest.raises(ValueError, match="play needs a slider of whole numbers"):
        figures.Slider(0.0, 1.0, play=True)
    with pytest.raises(ValueError, match=r"lr must be \(low, high\)"):
        control("lr", "0 to 1")
    with pytest.raises(ValueError, match="click must be the names of two sliders"):
        make(click=("a", "z"))


def test_a_browsers_rounding_is_taken_off():
    lr = figures.Slider(0.001, 0.1, 0.0005)
    assert lr.tidy(0.030000000000000006) == 0.03
    assert figures.Slider(0.001, 1.0, 0.05, log=True).tidy(0.012589254117941675) == 0.0126
    assert figures.Slider(0, 10, 1).tidy(3) == 3


# The widget, without a browser ----------------------------------------------------------------------------------------


def test_moving_a_slider_moves_the_figure_the_number_box_and_the_sentence():
    live = make()
    live.widget  # noqa: B018
    box, slider = live._panel.inputs["a"]
    picture = live._panel.image.value
    slider.value = 1.7
    assert live.values["a"] == 1.7
    assert box.value == 1.7
    assert live._panel.image.value != picture
    assert "a = 1.7" in live._panel.caption.value
    box.value = 0.3
    assert (live.values["a"], slider.value) == (0.3, 0.3)
    live.set(a=0.9)
    assert (box.value, slider.value) == (0.9, 0.9)
    assert live._panel.image.value == live.sharp()


def test_an_error_while_dragging_is_shown_and_the_next_move_goes_on():
    live = make()
    live.widget  # noqa: B018
    panel = live._panel
    _, slider = panel.inputs["a"]
    picture = panel.image.value
    live.function = lambda a, b: 1 / 0
    slider.value = 1.7
    assert "ZeroDivisionError" in panel.caption.value
    assert 'role="alert"' in panel.caption.value
    assert panel.image.value == picture
    live.function = line
    slider.value = 1.8
    assert "a = 1.8" in panel.caption.value


def test_a_slider_that_snaps_to_its_step_does_not_undo_a_typed_number():
    live = make()
    live.widget  # noqa: B018
    box, slider = live._panel.inputs["a"]
    box.value = 1.23
    slider.value = 1.2  # what the browser reports back
    assert live.values["a"] == 1.23


def test_every_input_has_a_label():
    live = figures.live_ravine()
    live.widget  # noqa: B018
    for inputs in live._panel.inputs.values():
        assert inputs[0].description


def test_stale_events_are_dropped_and_the_last_is_drawn():
    drawn = []

    async def drag():
        follower = Follower(drawn.append)
        for k in range(50):
            follower.moved("lr", k)
        follower.moved("momentum", 1)
        await asyncio.sleep(0.05)
        assert drawn == [{"lr": 0}, {"lr": 49, "momentum": 1}]
        follower.moved("lr", 50)
        assert drawn[-1] == {"lr": 50}, "after a pause at once"

    asyncio.run(drag())


def test_without_a_loop_every_move_is_drawn_at_once():
    drawn = []
    follower = Follower(drawn.append)
    follower.moved("lr", 1)
    follower.moved("lr", 2)
    assert drawn == [{"lr": 1}, {"lr": 2}]


def test_a_question_holds_the_sliders_until_it_is_answered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    question = figures.predict("Which way?", choices=["left", "right"])
    live = make(ask=question)
    live.widget  # noqa: B018
    _, slider = live._panel.inputs["a"]
    assert slider.disabled
    question.answer("left")
    assert not slider.disabled
    assert live.stored()[0] == question.stored()[0], "the question stays in the notebook too"
    live.set(a=0.2)
    assert live.values["a"] == 0.2


def test_a_picture_and_its_words_are_stored_before_the_widget_which_stands_in_for_them():
    live = make()
    (picture, metadata), (words, _), (widget, _) = live.outputs()
    assert set(picture) == {"image/png", "text/plain"}
    assert picture["text/plain"] == live.alt == metadata["image/png"]["alt"]
    width, height = live.figure.css_size
    assert (metadata["image/png"]["width"], metadata["image/png"]["height"]) == (width, height)
    assert live.alt in words["text/html"]
    assert set(widget) == {VIEW}, "a page that cannot show the widget shows nothing in its place"


def test_a_path_of_the_ravine_is_the_optimizers(gallery):
    live = gallery("live_ravine")
    live.set(lr=0.05, momentum=0.9, convention="average")
    valley = surfaces.ravine(20)
    path = trajectory(Momentum(0.05, 0.9, "average"), valley.gradient, valley.start, 60)
    assert np.array_equal(live._shown["Momentum"], path)
