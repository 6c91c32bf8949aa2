"""Draws the pictures of the demo's catalogue: flat shapes on a gradient, with the name. Needs Pillow; run it in this
folder. The pictures are committed, and compiled into the program."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 800, 500
# Drawn larger and made smaller: smooth edges.
SCALE = 2
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
LIGHT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
WHITE = (255, 255, 255)


def mix(a, b, share):
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b))


class Picture:
    def __init__(self, top, bottom):
        self.top, self.bottom = top, bottom
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE))
        self.draw = ImageDraw.Draw(self.image)
        # Diagonal, in bands of one line each: small files.
        for y in range(HEIGHT * SCALE):
            color = mix(top, bottom, y / (HEIGHT * SCALE))
            self.draw.line([(0, y), (WIDTH * SCALE, y)], fill=color)

    def at(self, *points):
        return [tuple(value * SCALE for value in point) for point in points]

    def tint(self, share, color=WHITE):
        return mix(mix(self.top, self.bottom, 0.5), color, share)

    def circle(self, x, y, radius, color, width=0):
        box = self.at((x - radius, y - radius), (x + radius, y + radius))
        if width:
            self.draw.ellipse(box, outline=color, width=width * SCALE)
        else:
            self.draw.ellipse(box, fill=color)

    def box(self, x, y, width, height, color, radius=0):
        box = self.at((x, y), (x + width, y + height))
        self.draw.rounded_rectangle(box, radius * SCALE, fill=color)

    def polygon(self, color, *points):
        self.draw.polygon(self.at(*points), fill=color)

    def line(self, color, width, *points):
        self.draw.line(self.at(*points), fill=color, width=width * SCALE, joint="curve")
        for point in (points[0], points[-1]):
            self.circle(*point, width / 2, color)

    def arc(self, x, y, radius, start, end, color, width):
        box = self.at((x - radius, y - radius), (x + radius, y + radius))
        self.draw.arc(box, start, end, fill=color, width=width * SCALE)

    def words(self, name, below):
        font = ImageFont.truetype(FONT, 54 * SCALE)
        self.draw.text((400 * SCALE, 396 * SCALE), name, font=font, fill=WHITE, anchor="mm")
        font = ImageFont.truetype(LIGHT, 24 * SCALE)
        self.draw.text((400 * SCALE, 446 * SCALE), below, font=font, fill=self.tint(0.75), anchor="mm")

    def save(self, name):
        small = self.image.resize((WIDTH, HEIGHT), Image.LANCZOS)
        small.save(Path(__file__).parent / f"{name}.png", optimize=True)


def zeta():
    p = Picture((38, 60, 140), (18, 140, 160))
    p.circle(400, 190, 150, p.tint(0.08))
    p.circle(400, 190, 118, p.tint(0.16))
    shield = [(400, 78), (488, 112), (484, 196), (452, 258), (400, 300), (348, 258), (316, 196), (312, 112)]
    p.polygon(WHITE, *shield)
    right = [(400, 78), (488, 112), (484, 196), (452, 258), (400, 300)]
    p.polygon((222, 236, 245), *right)
    p.line((30, 105, 155), 22, (362, 146), (438, 146), (364, 226), (440, 226))
    p.words("Zeta VPN", "private, everywhere")
    p.save("zeta")


def orbit():
    p = Picture((64, 28, 120), (190, 60, 150))
    for x, y, r in [(110, 90, 3), (210, 250, 2), (640, 80, 3), (700, 210, 2), (580, 300, 3), (150, 320, 2), (300, 60, 2)]:
        p.circle(x, y, r, WHITE)
    p.circle(400, 190, 92, (255, 180, 100))
    p.circle(418, 172, 64, (255, 204, 140))
    planet = p.image.copy()
    ring = Image.new("L", p.image.size, 0)
    (left, top), (right, bottom) = p.at((220, 150), (580, 230))
    ImageDraw.Draw(ring).ellipse((left, top, right, bottom), outline=255, width=12 * SCALE)
    p.image.paste(WHITE, mask=ring.rotate(18, center=(400 * SCALE, 190 * SCALE)))
    # The planet hides the far half of the ring.
    near = Image.new("L", p.image.size, 0)
    (left, top), (right, bottom) = p.at((308, 98), (492, 282))
    ImageDraw.Draw(near).pieslice((left, top, right, bottom), 162, 342, fill=255)
    p.image.paste(planet, mask=near)
    p.draw = ImageDraw.Draw(p.image)
    p.words("Orbit Proxy", "an address of your own")
    p.save("orbit")


def dragon():
    p = Picture((20, 70, 60), (70, 150, 70))
    p.circle(400, 190, 140, p.tint(0.12))
    p.box(268, 138, 264, 124, (24, 44, 52), 60)
    p.box(268, 132, 264, 118, (46, 76, 86), 59)
    p.box(310, 182, 60, 18, WHITE, 5)
    p.box(331, 161, 18, 60, WHITE, 5)
    for x, y, color in [(468, 168, (255, 205, 90)), (496, 191, (255, 110, 100)), (440, 191, (110, 190, 255)), (468, 214, (140, 225, 140))]:
        p.circle(x, y, 12, color)
    p.circle(400, 191, 9, (20, 34, 40))
    p.words("Dragon Arcade", "gems for the game")
    p.save("dragon")


def pixel():
    p = Picture((150, 40, 60), (240, 130, 60))
    p.box(250, 100, 300, 190, (255, 255, 255), 18)
    p.box(250, 150, 300, 36, (60, 30, 50))
    for row, line in enumerate(["..XX..XX..", ".XXXXXXXX.", "..XXXXXX..", "....XX...."]):
        for column, letter in enumerate(line):
            if letter == "X":
                p.box(280 + column * 12, 206 + row * 16, 12, 16, (226, 70, 80))
    p.box(430, 214, 90, 14, (220, 205, 210), 7)
    p.box(430, 240, 60, 14, (220, 205, 210), 7)
    p.words("Pixel Bazaar", "a voucher for any game")
    p.save("pixel")


def inkwell():
    p = Picture((30, 40, 70), (80, 90, 150))
    p.box(300, 62, 200, 250, WHITE, 14)
    p.polygon((214, 220, 238), (452, 62), (500, 110), (452, 110))
    for at, width in enumerate([110, 150, 136, 150, 92, 124]):
        p.box(325, 112 + at * 30, width, 10, (196, 204, 226), 5)
    p.polygon((255, 190, 90), (508, 148), (540, 172), (438, 304), (406, 280))
    p.polygon((255, 226, 176), (438, 304), (406, 280), (396, 318))
    p.polygon((40, 50, 80), (405, 307), (399, 302), (396, 318))
    p.polygon((226, 90, 100), (508, 148), (540, 172), (552, 156), (520, 132))
    p.words("Inkwell Pro", "for people who write all day")
    p.save("inkwell")


def tabula():
    p = Picture((14, 100, 80), (40, 170, 120))
    p.box(270, 70, 260, 230, WHITE, 16)
    p.box(270, 70, 260, 46, (20, 90, 76), 16)
    p.box(270, 100, 260, 16, (20, 90, 76))
    for row in range(4):
        for column in range(3):
            p.box(286 + column * 80, 130 + row * 42, 68, 30, (226, 242, 236), 5)
    for at, height in enumerate([38, 72, 56, 110]):
        p.box(420 + at * 42, 300 - height + 14, 30, height, [(255, 190, 90), (255, 150, 90), (240, 110, 100), (60, 130, 220)][at], 6)
    p.words("Tabula Office", "tables, texts and slides")
    p.save("tabula")


def lumen():
    p = Picture((30, 20, 50), (120, 30, 90))
    p.box(230, 76, 340, 206, (18, 12, 30), 18)
    p.box(244, 90, 312, 178, (86, 40, 120), 8)
    p.polygon((150, 70, 150), (244, 268), (340, 160), (420, 230), (480, 180), (556, 268))
    p.circle(490, 136, 24, (255, 196, 120))
    p.circle(400, 180, 46, WHITE)
    p.polygon((110, 40, 110), (386, 156), (386, 204), (426, 180))
    p.box(350, 288, 100, 12, (18, 12, 30), 6)
    p.words("Lumen", "films and series")
    p.save("lumen")


def cadence():
    p = Picture((200, 60, 80), (250, 150, 90))
    p.circle(400, 188, 124, (40, 24, 40))
    for radius in (104, 88, 72):
        p.circle(400, 188, radius, (66, 44, 64), 2)
    p.circle(400, 188, 46, (255, 220, 150))
    p.circle(400, 188, 9, (40, 24, 40))
    p.line(WHITE, 10, (548, 80), (548, 200), (500, 258))
    p.circle(548, 78, 18, WHITE)
    p.circle(496, 262, 12, WHITE)
    p.words("Cadence", "music without a break")
    p.save("cadence")


def gift():
    p = Picture((70, 60, 170), (150, 90, 210))
    p.box(290, 150, 220, 150, (255, 224, 150), 10)
    p.box(276, 124, 248, 52, (255, 206, 110), 10)
    p.box(382, 124, 36, 176, (236, 80, 110))
    for turn in (-1, 1):
        p.polygon((236, 80, 110), (400, 126), (400 + turn * 84, 66), (400 + turn * 92, 116))
        p.polygon((200, 56, 90), (400, 126), (400 + turn * 60, 94), (400 + turn * 64, 114))
    p.circle(400, 122, 16, (255, 120, 140))
    for x, y, color in [(210, 100, (255, 206, 110)), (600, 120, (255, 150, 170)), (230, 250, (160, 220, 255)), (590, 260, (170, 240, 180)), (170, 180, WHITE), (640, 200, WHITE)]:
        p.circle(x, y, 8, color)
    p.words("Gift voucher", "let them choose")
    p.save("gift")


def stickers():
    p = Picture((20, 120, 190), (90, 200, 230))
    for x, y, color in [(290, 200, (255, 150, 120)), (400, 176, (255, 212, 90)), (510, 200, (150, 220, 130))]:
        p.circle(x, y, 78, WHITE)
        p.circle(x, y, 68, color)
        for side in (-1, 1):
            p.circle(x + side * 22, y - 14, 8, (50, 44, 60))
        p.arc(x, y + 6, 30, 20, 160, (50, 44, 60), 7)
    p.words("Sticker pack", "free: try the shop")
    p.save("stickers")


for draw in (zeta, orbit, dragon, pixel, inkwell, tabula, lumen, cadence, gift, stickers):
    draw()
