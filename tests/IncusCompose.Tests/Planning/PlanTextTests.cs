using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>A plan as text, which a terminal is given.</summary>
public class PlanTextTests
{
    [Fact]
    public void Values_cannot_steer_a_terminal_nor_turn_what_follows_and_keep_their_lines()
    {
        var plan = new PlanningWorld().Plan(StackText.Require("""
            name: shop
            instances:
              web: {image: busybox, description: "a\e[2J\u202Etxt", config: {user.text: "one\n\ttwo\r"}}
            """));

        var text = PlanningWorld.Text(plan);
        Assert.Contains("+ description: a\\e[2J\\u202etxt\n", text, StringComparison.Ordinal);
        Assert.Contains("+ config.user.text: one\n\ttwo\\r\n", text, StringComparison.Ordinal);
    }
}
