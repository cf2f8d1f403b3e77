using IncusCompose.Applying;

namespace IncusCompose.Tests.Applying;

/// <summary>What the server answers when it is at work on the same thing already; such a change is looked at again.</summary>
public class BusyServerTests
{
    [Theory]
    [InlineData("Failed creating instance record: Instance is busy running a \"create\" operation")]
    [InlineData("Failed to create instance stop operation: Instance is busy running a \"start\" operation")]
    [InlineData("Failed to create instance stop operation: Instance \"stop\" operation has now succeeded")]
    [InlineData("The instance is already running")]
    [InlineData("Instance not found")]
    public void A_server_that_is_at_work_on_the_same_instance_is_waited_for(string message) =>
        Assert.True(StackApplier.IsBusy(message));

    [Theory]
    [InlineData("Failed to start instance: exit status 1")]
    [InlineData("No space left on device")]
    [InlineData("")]
    public void Any_other_refusal_is_an_error(string message) =>
        Assert.False(StackApplier.IsBusy(message));
}
