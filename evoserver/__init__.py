"""The deployable: settings, routes, servers, and the engines that come with the project."""
