"""Cities by name, and the distance between two places.

Coordinates are degrees north and east, to a tenth of a degree (about 10 km), which is
closer than anybody knows the way of a cable.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

Coordinates = tuple[float, float]

EARTH_RADIUS_KM = 6371.0

CITIES: dict[str, Coordinates] = {
    "Amsterdam": (52.4, 4.9),
    "Ashburn": (39.0, -77.5),
    "Athens": (38.0, 23.7),
    "Auckland": (-36.8, 174.8),
    "Bangkok": (13.8, 100.5),
    "Berlin": (52.5, 13.4),
    "Bogota": (4.7, -74.1),
    "Buenos Aires": (-34.6, -58.4),
    "Cairo": (30.0, 31.2),
    "Cape Town": (-33.9, 18.4),
    "Chicago": (41.9, -87.6),
    "Dallas": (32.8, -96.8),
    "Dubai": (25.2, 55.3),
    "Dublin": (53.3, -6.3),
    "Frankfurt": (50.1, 8.7),
    "Helsinki": (60.2, 24.9),
    "Hong Kong": (22.3, 114.2),
    "Istanbul": (41.0, 29.0),
    "Jakarta": (-6.2, 106.8),
    "Johannesburg": (-26.2, 28.0),
    "Lagos": (6.5, 3.4),
    "Lisbon": (38.7, -9.1),
    "London": (51.5, -0.1),
    "Los Angeles": (34.1, -118.2),
    "Madrid": (40.4, -3.7),
    "Marseille": (43.3, 5.4),
    "Mexico City": (19.4, -99.1),
    "Miami": (25.8, -80.2),
    "Milan": (45.5, 9.2),
    "Montreal": (45.5, -73.6),
    "Mumbai": (19.1, 72.9),
    "Nairobi": (-1.3, 36.8),
    "New York": (40.7, -74.0),
    "Osaka": (34.7, 135.5),
    "Oslo": (59.9, 10.8),
    "Paris": (48.9, 2.4),
    "Prague": (50.1, 14.4),
    "San Francisco": (37.8, -122.4),
    "Santiago": (-33.4, -70.7),
    "Sao Paulo": (-23.6, -46.6),
    "Seattle": (47.6, -122.3),
    "Seoul": (37.6, 127.0),
    "Singapore": (1.3, 103.8),
    "Stockholm": (59.3, 18.1),
    "Sydney": (-33.9, 151.2),
    "Taipei": (25.0, 121.6),
    "Tokyo": (35.7, 139.7),
    "Toronto": (43.7, -79.4),
    "Vienna": (48.2, 16.4),
    "Warsaw": (52.2, 21.0),
    "Zurich": (47.4, 8.5),
}


def distance_km(a: Coordinates, b: Coordinates) -> float:
    """The great-circle distance between two places (haversine formula), in kilometres."""
    north_a, east_a, north_b, east_b = map(radians, (*a, *b))
    chord = sin((north_b - north_a) / 2) ** 2
    chord += cos(north_a) * cos(north_b) * sin((east_b - east_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(chord))
