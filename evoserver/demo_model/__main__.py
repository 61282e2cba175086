from evoserver.demo_model.server import main

main()
